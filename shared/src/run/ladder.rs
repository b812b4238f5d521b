//! From what was found of the path to the API server to the rungs of a report. Pure: no IO, no clock.
//!
//! The rungs stand in the order of the path. A rung that breaks it is the last one of those that depend on it; what
//! was found beside it is told all the same.

mod tls;

use super::Kind;
use super::api_server::{AddressAnswers, Asked, Walked, milliseconds};
use crate::check::apiserver::readyz_lines;
use crate::check::path::{
    CERTIFICATE_WARNING_SECONDS, CLOCK_WARNING_SECONDS, Controllers, LeaseSeen, TOKEN_WARNING_SECONDS,
    Validity, controllers,
};
use crate::cluster::{Certificate, Flow, Readiness, Step, Way};
use crate::failure::{Class, Failure, Side};
use crate::report::{AddressResult, ApiServerCheck, CertificateView, Rung, RungStatus, Status};
use crate::resource::{Lease, Time};
use std::net::SocketAddr;

/// Addresses that a sentence names; the data have all of them.
const NAMED: usize = 4;

/// What the rungs are made of.
pub(super) struct Found<'a> {
    pub way: &'a Way,
    pub asked: &'a Asked,
    pub walked: Option<&'a Walked>,
    pub flow: Option<Flow>,
}

/// The rung that a failure broke where nothing was walked, as for a client that could not be made.
pub(super) fn by_class(failure: &Failure) -> Rung {
    let name = match failure.class {
        Class::BadConfiguration => "kubeconfig",
        Class::Credential => "credential",
        Class::Proxy => "proxy",
        Class::Dns => "dns",
        Class::Refused | Class::Unreachable => "tcp",
        Class::UnknownAuthority | Class::CertificateExpired | Class::WrongName | Class::Tls => "tls",
        Class::Unauthenticated => "identity",
        Class::Forbidden => "rights",
        Class::Overloaded => "flowControl",
        _ => "http",
    };
    let mut rung = broken(name, failure, side_of(failure));
    rung.hint = Some(failure.hint().to_owned());
    rung
}

/// Tells on the check itself which rung broke, on whose side, and what to do.
pub(super) fn point_out(check: &mut ApiServerCheck, rungs: &[Rung]) {
    if check.status == Status::Ok {
        return;
    }
    let failed = || rungs.iter().filter(|rung| rung.status == RungStatus::Failed);
    let rung = failed()
        .filter(|rung| rung.class == check.class)
        // `/readyz` decides.
        .min_by_key(|rung| rung.rung == "livez")
        .or_else(|| failed().next());
    match rung {
        Some(rung) => {
            check.rung = Some(rung.rung.clone());
            check.side.clone_from(&rung.side);
            if rung.hint.is_some() {
                check.hint.clone_from(&rung.hint);
            }
        }
        None => {
            let class = check.class.as_deref().and_then(Class::from_word);
            check.side = class.map(|class| class.side().as_str().to_owned());
        }
    }
}

impl Found<'_> {
    /// Every rung that was reached.
    pub fn rungs(&self) -> Vec<Rung> {
        let mut rungs = vec![kubeconfig(self.way), self.credential(), self.proxy()];
        let answered = is_answered(&self.asked.version);
        if let Some(walked) = self.walked {
            for rung in [
                self.dns(walked),
                self.tcp(walked),
                self.tunnel(walked),
                self.tls(walked),
            ] {
                let Some(mut rung) = rung else { continue };
                let broken = rung.status == RungStatus::Failed;
                if broken && answered {
                    // An open connection outlives the way on which it was made.
                    rung.status = RungStatus::Warning;
                }
                rungs.push(rung);
                if broken && !answered {
                    return rungs;
                }
            }
        }
        if matches!(&self.asked.version, Err(f) if is_before_the_first_packet(f)) {
            return rungs;
        }
        let http = self.http();
        let broken = http.status == RungStatus::Failed;
        rungs.push(http);
        if broken {
            return rungs;
        }
        rungs.extend(self.clock());
        let identity = self.identity();
        let stranger = identity.as_ref().is_some_and(|r| r.status == RungStatus::Failed);
        rungs.extend(identity);
        if stranger {
            return rungs;
        }
        rungs.extend(self.rights());
        rungs.push(self.version());
        rungs.extend(self.livez());
        rungs.push(self.readyz());
        rungs.extend(self.flow_control());
        rungs.extend(self.controllers().map(|controllers| controllers.rung));
        rungs
    }

    /// What the Leases say, where the API server was there to be asked for them.
    pub fn controllers(&self) -> Option<Controllers> {
        let asked = self.asked;
        let seen: Vec<(&str, LeaseSeen)> = asked
            .leases
            .iter()
            .map(|(name, lease)| (*name, seen(lease)))
            .collect();
        if seen.is_empty() || !is_answered(&asked.version) {
            return None;
        }
        let mut found = controllers(self.now(), &seen);
        if found.rung.status == RungStatus::Failed {
            found.rung.hint =
                Some(self.kubectl("-n kube-system get lease kube-controller-manager kube-scheduler"));
        }
        Some(found)
    }

    fn now(&self) -> Time {
        self.asked.server_time.unwrap_or(self.asked.local_time)
    }

    fn kubectl(&self, rest: &str) -> String {
        let mut line = "kubectl".to_owned();
        if let [file] = self.way.files.as_slice()
            && !file.replace('\\', "/").ends_with("/.kube/config")
        {
            line = format!("{line} --kubeconfig {}", quoted(file));
        }
        if let Some(context) = &self.way.context {
            line = format!("{line} --context {}", quoted(context));
        }
        format!("{line} {rest}")
    }

    fn credential(&self) -> Rung {
        let credential = &self.way.credential;
        let mut rung = Rung {
            kind: Some(credential.kind.clone()).filter(|kind| !kind.is_empty()),
            elapsed_ms: credential.elapsed.map(milliseconds),
            certificates: credential.certificate.iter().map(view).collect(),
            ..Rung::new("credential", RungStatus::Ok, "")
        };
        if let Err(failure) = &self.asked.version
            && is_before_the_first_packet(failure)
        {
            let failed = broken("credential", failure, Side::Machine);
            return Rung {
                kind: rung.kind,
                hint: Some(
                    failure
                        .hint
                        .clone()
                        .unwrap_or_else(|| self.kubectl("auth whoami")),
                ),
                ..failed
            };
        }
        let now = self.now();
        let ends = [
            ("token", credential.token_expires, TOKEN_WARNING_SECONDS),
            (
                "client certificate",
                credential.certificate.as_ref().and_then(|c| c.not_after),
                CERTIFICATE_WARNING_SECONDS,
            ),
        ];
        let mut words = vec![match credential.kind.as_str() {
            "" | "none" => "none: you are asked as nobody".to_owned(),
            kind => kind.to_owned(),
        }];
        if matches!(credential.kind.as_str(), "" | "none") || credential.warning.is_some() {
            rung.status = RungStatus::Warning;
        }
        words.extend(credential.warning.iter().cloned());
        words.extend(credential.impersonates.iter().map(|who| format!("as {who}")));
        for (what, end, warning) in ends {
            let Some(end) = end else { continue };
            let validity = Validity::of(now, end, warning);
            words.push(format!("the {what} {validity}"));
            let status = match validity {
                Validity::Ended(_) => RungStatus::Failed,
                Validity::Soon(_) => RungStatus::Warning,
                Validity::Fine(_) => RungStatus::Ok,
            };
            rung.status = worse(rung.status, status);
            if rung.expires.as_ref().is_none_or(|first| *first > end.to_string()) {
                rung.expires = Some(end.to_string());
            }
        }
        if rung.status == RungStatus::Failed {
            let accepted = is_answered(&self.asked.version) && !is_refused(&self.asked.version);
            if accepted {
                rung.status = RungStatus::Warning;
                words.push("yet the API server accepts it".into());
            }
            rung.class = Some(Class::Unauthenticated.as_str().to_owned());
            rung.side = Some(Side::Rights.as_str().to_owned());
            rung.hint = Some(self.kubectl("auth whoami"));
        }
        rung.message = words.join(", ");
        rung
    }

    fn proxy(&self) -> Rung {
        let proxy = &self.way.proxy;
        let message = match (&proxy.url, proxy.why.as_str()) {
            (Some(url), "") => url.clone(),
            (Some(url), why) => format!("{url}: {why}"),
            (None, "") => "none".to_owned(),
            (None, why) => format!("none: {why}"),
        };
        Rung {
            proxy: proxy.url.clone(),
            ..Rung::new("proxy", RungStatus::Ok, message)
        }
    }

    /// The side of a failure before TLS: what refuses or is silent there is the proxy, where there is one.
    fn side(&self, failure: &Failure) -> Side {
        match (self.way.proxy.url.is_some(), failure.class) {
            (true, Class::Dns) | (false, _) => side_of(failure),
            (true, _) => Side::Proxy,
        }
    }

    fn dns(&self, walked: &Walked) -> Option<Rung> {
        let step = walked.dialed.resolved.as_ref()?;
        let host = self.first_host();
        let mut rung = match &step.result {
            Ok(addresses) => {
                let texts: Vec<_> = addresses.iter().map(ToString::to_string).collect();
                let message = match texts.as_slice() {
                    [only] if *only == host => format!("{host} is an address"),
                    some => format!("{host} is {}", some.join(", ")),
                };
                Rung {
                    addresses: texts
                        .into_iter()
                        .map(|address| AddressResult {
                            address,
                            ..AddressResult::default()
                        })
                        .collect(),
                    ..Rung::new("dns", RungStatus::Ok, message)
                }
            }
            Err(failure) => {
                let mut rung = broken("dns", failure, self.side(failure));
                if !failure.own_limit {
                    rung.message = format!("{host} has no address: {}", failure.message);
                }
                rung.hint
                    .get_or_insert_with(|| format!("nslookup {}", quoted(&host)));
                rung
            }
        };
        rung.elapsed_ms = Some(milliseconds(step.elapsed));
        Some(rung)
    }

    /// The host that the first packet goes to.
    fn first_host(&self) -> String {
        let of_proxy = self.way.proxy.url.as_deref();
        match of_proxy.and_then(|url| url.parse::<http::Uri>().ok()) {
            Some(url) => url.host().unwrap_or_default().trim_matches(['[', ']']).to_owned(),
            None => self.way.host.clone(),
        }
    }

    fn tcp(&self, walked: &Walked) -> Option<Rung> {
        let tried = &walked.dialed.tcp;
        let (first, _) = tried.first()?;
        let failures: Vec<(&SocketAddr, &Failure)> = tried
            .iter()
            .filter_map(|(address, step)| step.result.as_ref().err().map(|failure| (address, failure)))
            .collect();
        let names = |list: &[&SocketAddr]| {
            let some: Vec<_> = list.iter().take(NAMED).map(ToString::to_string).collect();
            let rest = if list.len() > NAMED { ", ..." } else { "" };
            format!("{}{rest}", some.join(", "))
        };
        let mut rung = match failures.as_slice() {
            [] => {
                let all: Vec<_> = tried.iter().map(|(address, _)| address).collect();
                Rung::new("tcp", RungStatus::Ok, format!("connected to {}", names(&all)))
            }
            some => {
                let (_, failure) = some.first()?;
                let which: Vec<_> = some.iter().map(|(address, _)| *address).collect();
                let alike = some.iter().all(|(_, f)| f.class == failure.class);
                let does = match (failure.class, some.len()) {
                    (Class::Refused, 1) => "refuses",
                    (Class::Refused, _) if alike => "refuse",
                    (Class::Timeout, 1) => "does not answer",
                    (Class::Timeout, _) if alike => "do not answer",
                    _ => "cannot be connected to",
                };
                let mut rung = broken("tcp", failure, self.side(failure));
                let all = tried.len();
                rung.message = if all == 1 {
                    format!("{} {does}: {}", names(&which), failure.message)
                } else {
                    format!(
                        "{} of {all} addresses {does}: {}: {}",
                        some.len(),
                        names(&which),
                        failure.message
                    )
                };
                let address = which.first().copied().unwrap_or(first);
                rung.hint
                    .get_or_insert_with(|| format!("nc -vz {} {}", address.ip(), address.port()));
                if some.len() < all {
                    rung.status = RungStatus::Warning;
                }
                rung
            }
        };
        rung.addresses = tried
            .iter()
            .map(|(address, step)| tcp_result(*address, step))
            .collect();
        rung.elapsed_ms = tried
            .iter()
            .filter(|(_, step)| step.result.is_ok() || rung.status == RungStatus::Failed)
            .map(|(_, step)| milliseconds(step.elapsed))
            .reduce(f64::max);
        Some(rung)
    }

    fn tunnel(&self, walked: &Walked) -> Option<Rung> {
        let step = walked.dialed.proxy.as_ref()?;
        let mut rung = match &step.result {
            Ok(()) => Rung::new("tunnel", RungStatus::Ok, "the proxy lets through"),
            Err(failure) => {
                let mut rung = broken("tunnel", failure, Side::Proxy);
                let proxy = self.way.proxy.url.as_deref().unwrap_or_default();
                rung.hint.get_or_insert_with(|| {
                    format!(
                        "curl -vk -x {} {}",
                        quoted(proxy),
                        quoted(&format!("{}/version", self.way.server))
                    )
                });
                rung
            }
        };
        rung.elapsed_ms = Some(milliseconds(step.elapsed));
        Some(rung)
    }

    fn http(&self) -> Rung {
        let latency = milliseconds(self.asked.latency);
        let mut rung = match &self.asked.version {
            Ok(_) => Rung::new("http", RungStatus::Ok, "an API server answers"),
            Err(failure) if is_answered(&self.asked.version) => {
                let code = failure
                    .status
                    .map(|code| format!(" with {code}"))
                    .unwrap_or_default();
                Rung::new("http", RungStatus::Ok, format!("it answers{code}"))
            }
            Err(failure) => {
                let side = match failure.class {
                    // The connection stands: what is silent on it is the server.
                    Class::Timeout => Side::ControlPlane,
                    _ => self.side(failure),
                };
                let mut rung = broken("http", failure, side);
                rung.hint.get_or_insert_with(|| {
                    format!("curl -vk {}", quoted(&format!("{}/version", self.way.server)))
                });
                rung
            }
        };
        rung.elapsed_ms = Some(latency);
        rung
    }

    fn clock(&self) -> Option<Rung> {
        let server = self.asked.server_time?;
        let ahead = self.asked.local_time.seconds.saturating_sub(server.seconds);
        let far = ahead.abs() > CLOCK_WARNING_SECONDS;
        let message = match ahead {
            0 => "the same as here".to_owned(),
            1.. => format!("this machine is {ahead} s ahead"),
            _ => format!("this machine is {} s behind", ahead.unsigned_abs()),
        };
        let status = if far { RungStatus::Warning } else { RungStatus::Ok };
        let mut rung = Rung {
            ahead_seconds: Some(ahead),
            ..Rung::new("clock", status, message)
        };
        if far {
            rung.side = Some(Side::Machine.as_str().to_owned());
            rung.hint = Some("date -u".to_owned());
        }
        Some(rung)
    }

    fn identity(&self) -> Option<Rung> {
        if let Err(failure) = &self.asked.version
            && failure.class == Class::Unauthenticated
        {
            return Some(self.stranger(failure));
        }
        let rung = match self.walked?.identity.as_ref()? {
            Ok(who) => {
                let sent = !matches!(self.way.credential.kind.as_str(), "" | "none");
                let mut message = format!("you are {}", who.username);
                if !who.groups.is_empty() {
                    message = format!("{message}, in {}", who.groups.join(", "));
                }
                let mut rung = Rung::new("identity", RungStatus::Ok, message);
                if sent && who.username == "system:anonymous" {
                    rung.status = RungStatus::Warning;
                    rung.message = format!(
                        "you are system:anonymous: the {} did not arrive, as where a load balancer ends TLS",
                        self.way.credential.kind
                    );
                    rung.side = Some(Side::Proxy.as_str().to_owned());
                    rung.hint = Some(self.kubectl("auth whoami"));
                }
                rung
            }
            Err(failure) if failure.class == Class::Unauthenticated => self.stranger(failure),
            Err(failure) => Rung::new(
                "identity",
                RungStatus::Unknown,
                format!("the API server does not tell: {}", failure.message),
            ),
        };
        Some(rung)
    }

    fn stranger(&self, failure: &Failure) -> Rung {
        let mut rung = broken("identity", failure, Side::Rights);
        rung.message = format!(
            "the API server does not accept the {}: {}",
            match self.way.credential.kind.as_str() {
                "" | "none" => "request without a credential",
                kind => kind,
            },
            failure.message
        );
        rung.hint = Some(self.kubectl("auth whoami"));
        rung
    }

    fn rights(&self) -> Option<Rung> {
        let can_i = |namespace: &str| self.kubectl(&format!("auth can-i --list -n {}", quoted(namespace)));
        if let Err(failure) = &self.asked.version
            && failure.class == Class::Forbidden
        {
            let mut rung = broken("rights", failure, Side::Rights);
            rung.missing = vec!["nonResourceURL /version get".into()];
            rung.hint = Some(self.kubectl("auth can-i get /version"));
            return Some(rung);
        }
        let (namespace, rules) = self.walked?.rules.as_ref()?;
        let rung = match rules {
            Ok(rules) => {
                let (may, may_not): (Vec<Kind>, Vec<Kind>) =
                    Kind::by_default().partition(|kind| rules.allow("list", kind.group(), kind.plural()));
                let names = |kinds: &[Kind]| {
                    let names: Vec<_> = kinds.iter().map(|kind| kind.plural().to_owned()).collect();
                    names
                };
                let place = format!("in namespace {namespace}");
                let mut rung = match (may.as_slice(), may_not.as_slice()) {
                    (may, []) => Rung::new(
                        "rights",
                        RungStatus::Ok,
                        format!("may list {} {place}", names(may).join(", ")),
                    ),
                    (_, may_not) if rules.incomplete => Rung::new(
                        "rights",
                        RungStatus::Unknown,
                        format!(
                            "whether {} may be listed {place} cannot be told beforehand",
                            names(may_not).join(", ")
                        ),
                    ),
                    (_, may_not) => Rung {
                        class: Some(Class::Forbidden.as_str().to_owned()),
                        side: Some(Side::Rights.as_str().to_owned()),
                        hint: Some(can_i(namespace)),
                        missing: may_not.iter().map(|kind| kind.rule()).collect(),
                        ..Rung::new(
                            "rights",
                            RungStatus::Warning,
                            format!("may not list {} {place}", names(may_not).join(", ")),
                        )
                    },
                };
                rung.may_list = names(&may);
                rung
            }
            Err(failure) => Rung::new(
                "rights",
                RungStatus::Unknown,
                format!("the API server does not tell: {}", failure.message),
            ),
        };
        Some(rung)
    }

    fn version(&self) -> Rung {
        let answers = self.walked.map(|w| w.addresses.as_slice()).unwrap_or_default();
        let mut rung = match &self.asked.version {
            Ok(version) => {
                let others: Vec<String> = answers
                    .iter()
                    .filter_map(|answer| match &answer.version {
                        Ok(other) if other != version => Some(format!("{other} at {}", answer.address)),
                        _ => None,
                    })
                    .collect();
                if others.is_empty() {
                    Rung::new("version", RungStatus::Ok, version.clone())
                } else {
                    let mut rung = Rung::new(
                        "version",
                        RungStatus::Warning,
                        format!("{version}, and {}: an upgrade is under way", others.join(", ")),
                    );
                    rung.side = Some(Side::ControlPlane.as_str().to_owned());
                    rung.hint = Some(self.kubectl("get --raw /version"));
                    rung
                }
            }
            Err(failure)
                if matches!(
                    failure.class,
                    Class::Unhealthy | Class::Rejected | Class::NotFound
                ) =>
            {
                let mut rung = broken("version", failure, side_of(failure));
                rung.hint = Some(self.kubectl("get --raw /version"));
                rung
            }
            Err(failure) => Rung::new(
                "version",
                RungStatus::Unknown,
                format!("not told: {}", failure.message),
            ),
        };
        rung.addresses = answers
            .iter()
            .map(|answer| AddressResult {
                version: answer.version.as_ref().ok().cloned(),
                ..of_address(answer, answer.version.as_ref().err())
            })
            .collect();
        rung
    }

    fn livez(&self) -> Option<Rung> {
        let asked = self.asked.livez.as_ref()?;
        let mut rung = self.health("livez", asked);
        // `/readyz` decides; an API server that is ready and not alive is about to be restarted.
        if rung.status == RungStatus::Failed && matches!(&self.asked.readyz, Ok((200, _))) {
            rung.status = RungStatus::Warning;
        }
        Some(rung)
    }

    fn readyz(&self) -> Rung {
        let mut rung = self.health("readyz", &self.asked.readyz);
        let answers = self.walked.map(|w| w.addresses.as_slice()).unwrap_or_default();
        let mut unwell = Vec::new();
        rung.addresses = answers
            .iter()
            .map(|answer| {
                let mut result = of_address(answer, answer.readyz.as_ref().err());
                if let Ok((code @ 400.., text)) = &answer.readyz {
                    let failing = readyz_lines(text)
                        .map(|r| r.failing.join(", "))
                        .unwrap_or_default();
                    let class = crate::cluster::class_of_code(*code);
                    result.class = class.map(|class| class.as_str().to_owned());
                    result.error = Some(match failing.as_str() {
                        "" => format!("answers {code}"),
                        failing => format!("answers {code}, failing: {failing}"),
                    });
                }
                if result.error.is_some() && !matches!(&answer.readyz, Ok((403 | 404, _))) {
                    unwell.push(answer.address.to_string());
                }
                result
            })
            .collect();
        if !unwell.is_empty() && rung.status == RungStatus::Ok {
            rung.status = RungStatus::Warning;
            rung.message = format!(
                "{} of {} addresses {} not ready: {}",
                unwell.len(),
                answers.len(),
                if unwell.len() == 1 { "is" } else { "are" },
                unwell.join(", ")
            );
            rung.side = Some(Side::ControlPlane.as_str().to_owned());
            rung.hint = Some(self.kubectl("get --raw '/readyz?verbose'"));
        }
        rung
    }

    fn health(&self, name: &str, asked: &Result<Readiness, Failure>) -> Rung {
        let hint = || Some(self.kubectl(&format!("get --raw '/{name}?verbose'")));
        let mut rung = match asked {
            Ok((200, text)) => {
                let message = match readyz_lines(text) {
                    Some(lines) => format!("{} of {} checks pass", lines.passed, lines.total),
                    None => "passes".to_owned(),
                };
                Rung::new(name, RungStatus::Ok, message)
            }
            Ok((403, _)) => Rung::new(name, RungStatus::Unknown, "not allowed"),
            Ok((404, _)) => Rung::new(name, RungStatus::Unknown, "not served"),
            Ok((429, _)) => Rung::new(name, RungStatus::Unknown, "not told: 429"),
            Ok((code, text)) => {
                let class = crate::cluster::class_of_code(*code).unwrap_or(Class::NotAnApiServer);
                let lines = readyz_lines(text);
                let failing = lines.map(|lines| lines.failing).unwrap_or_default();
                let message = match failing.as_slice() {
                    [] => format!("answers {code}"),
                    parts => format!("answers {code}, failing: {}", parts.join(", ")),
                };
                let gateway = matches!(code, 502..=504) && failing.is_empty();
                let side = if gateway { Side::Proxy } else { class.side() };
                Rung {
                    failing,
                    ..broken(name, &Failure::new(class, message), side)
                }
            }
            Err(failure) => {
                let side = match failure.class {
                    Class::Timeout => Side::ControlPlane,
                    _ => side_of(failure),
                };
                broken(name, failure, side)
            }
        };
        if rung.status == RungStatus::Failed && rung.hint.is_none() {
            rung.hint = hint();
        }
        rung
    }

    fn flow_control(&self) -> Option<Rung> {
        let asked = self.asked;
        let walked = self.walked;
        let failures = [
            asked.version.as_ref().err(),
            walked.and_then(|w| w.identity.as_ref()?.as_ref().err()),
            walked.and_then(|w| w.rules.as_ref()?.1.as_ref().err()),
        ];
        let leases = asked.leases.iter().map(|(_, lease)| lease.as_ref().err());
        let shed: Vec<&Failure> = failures
            .into_iter()
            .chain(leases)
            .flatten()
            .filter(|failure| failure.class == Class::Overloaded)
            .collect();
        let health = [Some(&asked.readyz), asked.livez.as_ref()];
        let told = health
            .into_iter()
            .flatten()
            .any(|asked| matches!(asked, Ok((429, _))));
        let flow = self.flow.clone().unwrap_or_default();
        let under = match (flow.schema.is_empty(), flow.level.is_empty()) {
            (false, false) => format!("flow schema {}, priority level {}", flow.schema, flow.level),
            _ => String::new(),
        };
        let mut rung = if shed.is_empty() && !told {
            if under.is_empty() {
                return None;
            }
            Rung::new(
                "flowControl",
                RungStatus::Ok,
                format!("not limited, under {under}"),
            )
        } else {
            let retry_after = shed.iter().find_map(|failure| failure.retry_after);
            let mut message = "the API server sheds load (429)".to_owned();
            if let Some(after) = retry_after {
                message = format!("{message}, asks to wait {} s", after.as_secs());
            }
            if !under.is_empty() {
                message = format!("{message}, under {under}");
            }
            Rung {
                retry_after_seconds: retry_after.map(|after| after.as_secs()),
                hint: Some(self.kubectl("get --raw /debug/api_priority_and_fairness/dump_priority_levels")),
                ..broken(
                    "flowControl",
                    &Failure::new(Class::Overloaded, message),
                    Side::ControlPlane,
                )
            }
        };
        rung.flow_schema = Some(flow.schema).filter(|uid| !uid.is_empty());
        rung.priority_level = Some(flow.level).filter(|uid| !uid.is_empty());
        Some(rung)
    }
}

fn kubeconfig(way: &Way) -> Rung {
    let mut message = if way.in_cluster {
        "the ServiceAccount of this pod".to_owned()
    } else if way.files.is_empty() {
        "none, the flags say all".to_owned()
    } else {
        way.files.join(", ")
    };
    if let Some(context) = &way.context {
        message = format!("{message}, context {context}");
    }
    if !way.skipped.is_empty() {
        let does = if way.skipped.len() == 1 { "does" } else { "do" };
        message = format!(
            "{message}; passed over {}, which {does} not exist",
            way.skipped.join(", ")
        );
    }
    Rung {
        files: way.files.clone(),
        skipped: way.skipped.clone(),
        context: way.context.clone(),
        ..Rung::new("kubeconfig", RungStatus::Ok, message)
    }
}

fn broken(rung: &str, failure: &Failure, side: Side) -> Rung {
    let elapsed = milliseconds(failure.elapsed);
    Rung {
        elapsed_ms: Some(elapsed).filter(|ms| *ms > 0.0),
        class: Some(failure.class.as_str().to_owned()),
        // Time that was over says nothing of anybody, and only more of it helps.
        side: (!failure.own_limit).then(|| side.as_str().to_owned()),
        hint: failure.hint.clone().filter(|_| failure.own_limit),
        ..Rung::new(rung, RungStatus::Failed, failure.message.clone())
    }
}

/// Whose side a failure is on, from all that it says.
fn side_of(failure: &Failure) -> Side {
    match failure.class {
        // EAI_AGAIN: no resolver answered, where otherwise one said that there is no such name.
        Class::Dns
            if failure.message.contains("emporary failure") || failure.message.contains("Try again") =>
        {
            Side::Network
        }
        // A gateway in front of the API server says this in its own words, the API server in a Status.
        Class::Unhealthy
            if matches!(failure.status, Some(502..=504)) && failure.message.starts_with("HTTP 50") =>
        {
            Side::Proxy
        }
        class => class.side(),
    }
}

/// Whether something answered that is an API server, if only with a refusal.
pub(super) fn is_answered(version: &Result<String, Failure>) -> bool {
    match version {
        Ok(_) => true,
        Err(failure) => !failure.class.is_unreached(),
    }
}

fn is_refused(version: &Result<String, Failure>) -> bool {
    matches!(version, Err(failure) if failure.class == Class::Unauthenticated)
}

/// A credential plugin that fails, for one.
fn is_before_the_first_packet(failure: &Failure) -> bool {
    matches!(failure.class, Class::Credential | Class::BadConfiguration)
}

fn seen(lease: &Result<Lease, Failure>) -> LeaseSeen {
    match lease {
        Ok(lease) => match lease.renewed() {
            Some(at) => LeaseSeen::Renewed(at),
            None => LeaseSeen::Failed("it was never renewed".into()),
        },
        Err(failure) if failure.class == Class::NotFound => LeaseSeen::Absent,
        Err(failure) if failure.class == Class::Forbidden => LeaseSeen::Forbidden,
        Err(failure) => LeaseSeen::Failed(failure.message.clone()),
    }
}

fn tcp_result(address: SocketAddr, step: &Step<()>) -> AddressResult {
    let failure = step.result.as_ref().err();
    AddressResult {
        address: address.to_string(),
        elapsed_ms: Some(milliseconds(step.elapsed)),
        class: failure.map(|f| f.class.as_str().to_owned()),
        error: failure.map(|f| f.message.clone()),
        version: None,
    }
}

fn of_address(answer: &AddressAnswers, failure: Option<&Failure>) -> AddressResult {
    AddressResult {
        address: answer.address.to_string(),
        elapsed_ms: Some(milliseconds(answer.elapsed)),
        class: failure.map(|f| f.class.as_str().to_owned()),
        error: failure.map(|f| f.message.clone()),
        version: None,
    }
}

fn view(certificate: &Certificate) -> CertificateView {
    CertificateView {
        subject: certificate.subject.clone(),
        issuer: certificate.issuer.clone(),
        names: certificate.names.clone(),
        not_before: certificate.not_before.map(|t| t.to_string()),
        not_after: certificate.not_after.map(|t| t.to_string()),
    }
}

fn worse(a: RungStatus, b: RungStatus) -> RungStatus {
    match (a, b) {
        (RungStatus::Failed, _) | (_, RungStatus::Failed) => RungStatus::Failed,
        (RungStatus::Warning, _) | (_, RungStatus::Warning) => RungStatus::Warning,
        _ => a,
    }
}

/// A word of a shell's command line.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+=,[]".contains(c);
    if !word.is_empty() && word.chars().all(plain) && !word.contains(['[', ']']) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests;
