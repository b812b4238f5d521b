//! Owns the limit of memory that a pod has: a control group of the kernel, if this test may make one.
//! Must not know what runs in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A group whose processes are killed if they need more. It is removed when this value is dropped.
pub struct MemoryLimit {
    group: PathBuf,
}

impl MemoryLimit {
    /// A limit of so many kB; `None` if the machine does not let this user set one.
    pub fn new(kilobytes: u64) -> Option<Self> {
        let root = Path::new("/sys/fs/cgroup");
        let (parent, file) = if root.join("memory").is_dir() {
            (root.join("memory"), "memory.limit_in_bytes")
        } else {
            (root.to_owned(), "memory.max")
        };
        let limit = Self {
            group: parent.join(format!("sre-agent-attack-{}", std::process::id())),
        };
        fs::create_dir(&limit.group).ok()?;
        fs::write(limit.group.join(file), (kilobytes << 10).to_string()).ok()?;
        Some(limit)
    }

    /// A command that runs the program within the limit.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        let script = "echo $$ >\"$0\" && exec \"$@\"";
        let processes = self.group.join("cgroup.procs");
        command.args(["-c", script]).arg(processes).arg(program);
        command
    }
}

impl Drop for MemoryLimit {
    fn drop(&mut self) {
        // Its processes have ended. The kernel may need a moment to see that.
        for _ in 0..50 {
            if fs::remove_dir(&self.group).is_ok() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }
}
