//! Counts the bytes that are allocated, so that a property can say how many an input may take.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    /// Bytes that this thread has allocated and not freed, and the most since [`peak_of`] began.
    static BYTES: Cell<(i64, i64)> = const { Cell::new((0, 0)) };
    /// How often this thread has asked for memory.
    static REQUESTS: Cell<u64> = const { Cell::new(0) };
}

/// The system's allocator, with a count for each thread.
struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn count_request() {
    let _ = REQUESTS.try_with(|requests| requests.set(requests.get().wrapping_add(1)));
}

fn count(change: i64) {
    // A thread that ends has no counter any more.
    let _ = BYTES.try_with(|bytes| {
        let (now, peak) = bytes.get();
        let now = now.saturating_add(change);
        bytes.set((now, peak.max(now)));
    });
}

fn length(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

// SAFETY: each call goes to the system's allocator unchanged. Counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count_request();
        count(length(layout.size()));
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        count(-length(layout.size()));
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count_request();
        count(length(size).saturating_sub(length(layout.size())));
        // SAFETY: the caller's promise is passed on.
        unsafe { System.realloc(memory, layout, size) }
    }
}

/// Runs the function. Returns its result, and the most bytes that this thread held beyond those from before.
pub fn peak_of<T>(run: impl FnOnce() -> T) -> (T, usize) {
    let before = BYTES.with(|bytes| {
        let (now, _) = bytes.get();
        bytes.set((now, now));
        now
    });
    let result = run();
    let (_, peak) = BYTES.with(Cell::get);
    (
        result,
        usize::try_from(peak.saturating_sub(before)).unwrap_or_default(),
    )
}

/// Runs the function. Returns its result, and how often this thread asked for memory.
pub fn requests_of<T>(run: impl FnOnce() -> T) -> (T, u64) {
    let before = REQUESTS.with(Cell::get);
    let result = run();
    (result, REQUESTS.with(Cell::get).wrapping_sub(before))
}

/// Runs the function and asserts that it holds no more bytes than a start and a factor of the input.
pub fn bounded<T>(input: &[u8], start: usize, factor: usize, run: impl FnOnce() -> T) -> T {
    let (result, peak) = peak_of(run);
    let limit = start + factor * input.len();
    assert!(
        peak <= limit,
        "{} bytes of input took {peak} bytes of memory, the limit is {limit}",
        input.len()
    );
    result
}
