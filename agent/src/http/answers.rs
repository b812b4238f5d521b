//! Owns how many answers there are at a time: requests under way, answers being made, bytes that wait for their readers,
//! and answers that several requests share. Must not know what is asked.

use super::connections::Connections;
use super::response::{Answer, ReadyAnswer};
use http::StatusCode;
use http::uri::PathAndQuery;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};

/// Bytes of all answers that are not read yet. Readers of the same answer share its bytes. The list of 100,000 Deployments
/// has 19 MB.
const MAX_BYTES: usize = 24 << 20;
/// Different answers that are kept for further requests.
const MAX_KEPT: usize = 64;
/// How long a request waits for its turn.
const PATIENCE: Duration = Duration::from_secs(1);
/// Pause before the next look for bytes that were read.
const PAUSE: Duration = Duration::from_millis(10);

/// What makes two requests the same question.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Question {
    /// Path and query, as they were sent.
    pub target: Option<PathAndQuery>,
    /// Whether the answer may be compressed.
    pub gzip: bool,
    /// When the check of the API server began that the answer reports; `None` if it reports none.
    pub check: Option<Instant>,
}

/// The answers of this process.
pub struct Answers {
    connections: Arc<Connections>,
    /// Requests under way.
    requests: Arc<Semaphore>,
    /// The turn to make an answer. One at a time: there is one thread, and others of the same question wait for it.
    turn: Semaphore,
    bytes: Arc<Semaphore>,
    remember: Duration,
    kept: Mutex<KeptAnswers>,
}

/// The answers that were made a moment ago.
#[derive(Default)]
struct KeptAnswers {
    by_question: HashMap<Question, Kept>,
    /// Whether a task forgets them in time.
    forgetting: bool,
}

/// An answer that is kept for a moment.
struct Kept {
    answer: Arc<ReadyAnswer>,
    made: Instant,
}

impl Answers {
    /// Answers to these connections; the same question has the same answer for so long.
    pub fn new(connections: Arc<Connections>, remember: Duration) -> Arc<Self> {
        Arc::new(Self {
            // The other connections wait for their clients, so that one can be given up for a new one.
            requests: Arc::new(Semaphore::new((connections.limit() / 4 * 3).max(1))),
            connections,
            turn: Semaphore::new(1),
            bytes: Arc::new(Semaphore::new(MAX_BYTES)),
            remember,
            kept: Mutex::default(),
        })
    }

    /// Admits a request until the result is dropped.
    ///
    /// # Errors
    /// The refusal, if too many requests are under way.
    pub fn admit(&self) -> Result<OwnedSemaphorePermit, Answer> {
        Arc::clone(&self.requests)
            .try_acquire_owned()
            .map_err(|_| refusal("too many requests are under way"))
    }

    /// The answer to a question: one that was made a moment ago, or a new one.
    ///
    /// # Errors
    /// The refusal, if its turn does not come soon or other answers are not read.
    pub async fn shared(
        self: &Arc<Self>,
        question: Question,
        make: impl FnOnce() -> Answer,
    ) -> Result<Arc<ReadyAnswer>, Answer> {
        if let Some(answer) = self.find(&question) {
            return Ok(answer);
        }
        let _turn = self.turn().await?;
        // Another request may have had the turn for the same question.
        if let Some(answer) = self.find(&question) {
            return Ok(answer);
        }
        let answer = Arc::new(self.make(question.gzip, make).await?);
        self.keep(question, &answer);
        Ok(answer)
    }

    /// An answer of its own.
    ///
    /// # Errors
    /// As [`Answers::shared`].
    pub async fn single(&self, gzip: bool, make: impl FnOnce() -> Answer) -> Result<ReadyAnswer, Answer> {
        let _turn = self.turn().await?;
        self.make(gzip, make).await
    }

    /// Makes an answer and counts its bytes. Its maker has the turn.
    async fn make(&self, gzip: bool, make: impl FnOnce() -> Answer) -> Result<ReadyAnswer, Answer> {
        let answer = make().ready(gzip);
        // The next one is made only after the system was asked for new bytes and connections: the runtime runs 61 tasks before
        // it does, which would be as many answers, while probes wait.
        tokio::task::yield_now().await;
        self.hold(answer).await
    }

    async fn turn(&self) -> Result<tokio::sync::SemaphorePermit<'_>, Answer> {
        match timeout(PATIENCE, self.turn.acquire()).await {
            Ok(Ok(turn)) => Ok(turn),
            Ok(Err(_)) | Err(_) => Err(refusal("other answers took all the time")),
        }
    }

    /// Counts the bytes of an answer until the last reader has them.
    async fn hold(&self, answer: ReadyAnswer) -> Result<ReadyAnswer, Answer> {
        let room = self.room(answer.len()).await?;
        Ok(answer.holding(room))
    }

    /// Room for so many bytes, until the result is dropped. If there is none, answers that are kept are forgotten, then
    /// clients that do not read are given up.
    ///
    /// # Errors
    /// The refusal, if the room does not become free in time.
    pub async fn room(&self, bytes: usize) -> Result<OwnedSemaphorePermit, Answer> {
        let permits = u32::try_from(bytes.min(MAX_BYTES)).unwrap_or(u32::MAX);
        let until = Instant::now() + PATIENCE;
        loop {
            if let Ok(permit) = Arc::clone(&self.bytes).try_acquire_many_owned(permits) {
                return Ok(permit);
            }
            let kept = std::mem::take(&mut self.lock().by_question);
            if !kept.is_empty() {
                continue;
            }
            if self.connections.give_up_reader() {
                // Its task ends first.
                tokio::task::yield_now().await;
            } else if Instant::now() < until {
                tokio::time::sleep(PAUSE).await;
            } else {
                return Err(refusal("other clients do not read their answers"));
            }
        }
    }

    fn find(&self, question: &Question) -> Option<Arc<ReadyAnswer>> {
        let kept = self.lock();
        let found = kept.by_question.get(question)?;
        self.is_fresh(found).then(|| Arc::clone(&found.answer))
    }

    fn is_fresh(&self, kept: &Kept) -> bool {
        kept.made.elapsed() < self.remember
    }

    fn keep(self: &Arc<Self>, question: Question, answer: &Arc<ReadyAnswer>) {
        let mut kept = self.lock();
        let KeptAnswers {
            by_question,
            forgetting,
        } = &mut *kept;
        if by_question.len() >= MAX_KEPT {
            by_question.retain(|_, kept| self.is_fresh(kept));
        }
        if by_question.len() < MAX_KEPT {
            let answer = Arc::clone(answer);
            let made = Instant::now();
            by_question.insert(question, Kept { answer, made });
        }
        if !std::mem::replace(forgetting, true) {
            tokio::spawn(Arc::clone(self).forget_in_time());
        }
    }

    /// Forgets answers that are too old to be given again, until there are none.
    async fn forget_in_time(self: Arc<Self>) {
        loop {
            tokio::time::sleep(self.remember).await;
            let mut kept = self.lock();
            kept.by_question.retain(|_, kept| self.is_fresh(kept));
            if kept.by_question.is_empty() {
                kept.forgetting = false;
                return;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, KeptAnswers> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The answer to a request that is one too many. It is no 503, which Kubernetes clients would repeat for minutes.
pub(super) fn refusal(why: &str) -> Answer {
    let message = format!("this agent is busy: {why}; ask again in a second");
    Answer::error(StatusCode::TOO_MANY_REQUESTS, "tooManyRequests", &message).retry_after_a_second()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::connections::{Client, GRACE};
    use http::HeaderMap;
    use http_body_util::BodyExt as _;
    use std::cell::Cell;

    const REMEMBER: Duration = Duration::from_secs(1);

    fn question(target: &'static str) -> Question {
        Question {
            target: Some(PathAndQuery::from_static(target)),
            gzip: false,
            check: None,
        }
    }

    fn answers(connections: usize) -> (Arc<Connections>, Arc<Answers>) {
        let connections = Connections::new(connections);
        (Arc::clone(&connections), Answers::new(connections, REMEMBER))
    }

    fn of_size(bytes: usize) -> Answer {
        Answer::text(StatusCode::OK, "x".repeat(bytes))
    }

    async fn code(result: Result<Arc<ReadyAnswer>, Answer>) -> u16 {
        let response = match result {
            Ok(answer) => answer.response(&HeaderMap::new()),
            Err(refusal) => refusal.into_response(&HeaderMap::new()),
        };
        let code = response.status().as_u16();
        response.into_body().collect().await.unwrap();
        code
    }

    /// A client that has an answer to read and does not.
    async fn reader(connections: &Arc<Connections>) -> Client {
        let client = connections.place().await;
        client.asked();
        client.answered();
        client.waits();
        client
    }

    #[tokio::test(start_paused = true)]
    async fn the_same_question_has_the_same_answer_for_a_moment() {
        let (_, answers) = answers(4);
        let made = Cell::new(0);
        let ask = async |question: Question| {
            let make = || {
                made.set(made.get() + 1);
                of_size(1)
            };
            answers.shared(question, make).await.unwrap();
            made.get()
        };
        assert_eq!(ask(question("/health")).await, 1);
        assert_eq!(ask(question("/health")).await, 1);
        assert_eq!(ask(question("/health?items=notable")).await, 2);
        let compressed = Question {
            gzip: true,
            ..question("/health")
        };
        assert_eq!(ask(compressed).await, 3);
        let with_another_check = Question {
            check: Some(Instant::now()),
            ..question("/health")
        };
        assert_eq!(ask(with_another_check).await, 4);
        tokio::time::sleep(Duration::from_millis(999)).await;
        assert_eq!(ask(question("/health")).await, 4);
        tokio::time::sleep(Duration::from_millis(1)).await;
        assert_eq!(ask(question("/health")).await, 5);
        // However many questions there are, few answers are kept.
        for number in 0..3 * MAX_KEPT {
            let target = format!("/health?namespace=n{number}").parse().unwrap();
            ask(Question {
                target: Some(target),
                ..question("/")
            })
            .await;
            assert!(answers.lock().by_question.len() <= MAX_KEPT);
        }
        // None is kept by a process that is asked nothing.
        tokio::time::sleep(2 * REMEMBER).await;
        assert!(answers.lock().by_question.is_empty());
        assert_eq!(answers.bytes.available_permits(), MAX_BYTES);
        assert!(!answers.lock().forgetting);
    }

    #[tokio::test(start_paused = true)]
    async fn requests_wait_for_the_answer_to_their_question_that_is_being_made() {
        let (connections, answers) = answers(4);
        let reader = reader(&connections).await;
        let unread = answers
            .shared(question("/a"), || of_size(MAX_BYTES))
            .await
            .unwrap();
        let made = Cell::new(0);
        let make = || {
            made.set(made.get() + 1);
            of_size(7)
        };
        // The first one waits for room, the others for the first one.
        let (one, two, ()) = tokio::join!(
            answers.shared(question("/b"), make),
            answers.shared(question("/b"), make),
            async {
                tokio::time::sleep(GRACE).await;
                drop(unread);
                drop(reader);
            }
        );
        assert!(Arc::ptr_eq(&one.unwrap(), &two.unwrap()));
        assert_eq!(made.get(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn bytes_count_until_they_are_read_and_those_who_do_not_read_are_given_up() {
        let (connections, answers) = answers(4);
        let silent = reader(&connections).await;
        let unread = answers
            .shared(question("/a"), || of_size(MAX_BYTES))
            .await
            .unwrap();
        let response = unread.response(&HeaderMap::new());
        drop(unread);
        let busy = code(answers.shared(question("/b"), || of_size(1)).await).await;
        assert_eq!(busy, 429, "it was given up, and its task still has the bytes");
        assert!(silent.is_given_up());
        drop(response);
        assert_eq!(
            code(answers.shared(question("/b"), || of_size(1)).await).await,
            200
        );
        // An answer that is larger than all of the room has it alone.
        let large = answers.shared(question("/c"), || of_size(MAX_BYTES + 1)).await;
        assert_eq!(answers.bytes.available_permits(), 0);
        drop(large);
    }

    #[tokio::test(start_paused = true)]
    async fn three_quarters_of_the_connections_may_have_a_request_under_way() {
        let (_, answers) = answers(8);
        let admitted: Vec<_> = (0..6).map(|_| answers.admit().unwrap()).collect();
        assert!(answers.admit().is_err());
        drop(admitted);
        assert!(answers.admit().is_ok());
    }
}
