//! Owns how many connections the process has file descriptors for. Must not know what a connection is for.

/// Descriptors of the process itself: sockets that listen, the log, files that are read again, name look-ups.
const OWN: usize = 64;
/// Descriptors that a watch may have at the same time: one for itself, one for a list or a search beside it.
const PER_WATCH: usize = 2;
/// Fewer connections than these would make the agent useless; then accepting fails now and then.
const LEAST: usize = 16;

/// So many connections as are wanted, or fewer if the system allows fewer descriptors.
pub fn connections(wanted: usize, watches: usize) -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let Some(allowed) = open_files(&limits) else {
        return wanted;
    };
    let fitting = fit(wanted, watches, allowed);
    if fitting < wanted {
        tracing::warn!(
            connections = fitting,
            descriptors = allowed,
            "fewer connections than --max-connections, since the process may open few files; raise its limit (ulimit -n)"
        );
    }
    fitting
}

fn fit(wanted: usize, watches: usize, allowed: usize) -> usize {
    let own = watches.saturating_mul(PER_WATCH).saturating_add(OWN);
    wanted.min(allowed.saturating_sub(own).max(LEAST))
}

/// The soft limit of open files in the text that Linux has of a process; `None` if there is none.
pub fn open_files(limits: &str) -> Option<usize> {
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_of_descriptors_is_read_and_leaves_room_for_watches() {
        let limits = "Limit                     Soft Limit           Hard Limit           Units     \n\
                      Max processes             62898                62898                processes \n\
                      Max open files            1024                 524288               files     \n";
        assert_eq!(open_files(limits), Some(1024));
        assert_eq!(open_files(&limits.replace("1024 ", "unlimited ")), None);
        assert_eq!(open_files(""), None);
        assert_eq!(fit(1024, 5, 1024), 950);
        assert_eq!(fit(1024, 5, 1_048_576), 1024);
        assert_eq!(fit(8, 5, 1024), 8);
        assert_eq!(fit(1024, 5, 70), LEAST);
        assert_eq!(fit(8, usize::MAX, 0), 8);
    }
}
