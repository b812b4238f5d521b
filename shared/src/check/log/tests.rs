//! Outputs of programs that ended, as their runtimes write them, and the line that says why.

use super::{log_lines, telling_line, telling_line_of_text};

/// Asserts the telling line of each text.
fn assert_telling<const N: usize>(rows: [(&str, &str); N]) {
    for (text, line) in rows {
        assert_eq!(telling_line_of_text(text).as_deref(), Some(line), "{text}");
    }
}

#[test]
fn a_log_without_words_tells_nothing() {
    // The exception of the last text was cut off, and a frame says nothing.
    let frames = "\tat shop.A.b(A.java:1)\n\tat shop.C.d(C.java:2)\n\t... 40 more\n";
    for text in ["", "\n \n", "\u{1b}[0m\n", "}\n", frames] {
        assert_eq!(telling_line_of_text(text), None, "{text:?}");
    }
    assert_eq!(telling_line(&[]), None);
}

#[test]
fn without_a_stack_trace_the_last_line_tells() {
    assert_telling([
        ("starting\nlost lease\n\n", "lost lease"),
        (
            "2026-03-02T11:00:07Z starting\n2026-03-02T11:00:08Z lost lease",
            "lost lease",
        ),
        ("\u{1b}[31mERROR\u{1b}[0m no route\r\n", "ERROR no route"),
        (
            "exec: \"foo\": not found\nexit status 2",
            "exec: \"foo\": not found",
        ),
        (
            "terminate called after throwing an instance of 'std::runtime_error'\n  what():  no route\nAborted (core dumped)",
            "what(): no route",
        ),
    ]);
}

#[test]
fn an_error_tells_more_than_a_farewell() {
    assert_telling([
        (
            "2026-03-02 11:00:07 ERROR no route\n2026-03-02 11:00:08 INFO  bye",
            "ERROR no route",
        ),
        (
            "{\"level\":\"error\",\"msg\":\"no route\"}\n{\"level\":\"info\",\"msg\":\"bye\"}",
            "no route",
        ),
        (
            "FATAL: data directory has wrong ownership\nchild process exited with exit code 1\nremoving contents",
            "FATAL: data directory has wrong ownership",
        ),
        // A line without a level is no farewell: a shell writes none.
        (
            "ERROR retrying\n/entrypoint.sh: line 3: foo: not found",
            "/entrypoint.sh: line 3: foo: not found",
        ),
        ("INFO one\nINFO two", "INFO two"),
    ]);
    let long_ago = format!("ERROR once\n{}", "INFO still here\n".repeat(20));
    assert_telling([(&long_ago, "INFO still here")]);
}

#[test]
fn java_tells_the_last_cause() {
    assert_telling([
        (
            "Exception in thread \"main\" java.lang.IllegalStateException: no route\n\tat shop.Main.main(Main.java:5)\n",
            "java.lang.IllegalStateException: no route",
        ),
        (
            "11:00:07.123 [main] ERROR o.s.boot.SpringApplication - Application run failed\n\
             org.springframework.beans.factory.BeanCreationException: Error creating bean with name 'db'\n\
             \tat org.springframework.A.b(A.java:1)\n\tat org.springframework.C.d(C.java:2)\n\
             Caused by: com.zaxxer.hikari.PoolInitializationException: Failed to initialize pool\n\
             \tat com.zaxxer.E.f(E.java:3)\n\t... 20 common frames omitted\n\
             Caused by: java.net.ConnectException: Connection refused\n\
             \tat java.base/sun.nio.ch.Net.pollConnect(Native Method)\n\t... 40 more\n\
             11:00:08.000 [main] INFO  c.z.h.HikariDataSource - Shutdown completed.\n",
            "java.net.ConnectException: Connection refused",
        ),
        // The words of an exception can have several lines.
        (
            "Caused by: org.flywaydb.core.FlywaySqlException: Unable to obtain connection\n\
             ----------------\nSQL State  : 08001\n\tat org.flywaydb.A.b(A.java:1)",
            "org.flywaydb.core.FlywaySqlException: Unable to obtain connection",
        ),
        (
            "java.lang.OutOfMemoryError: Java heap space\n\tat java.base/java.util.Arrays.copyOf(Arrays.java:3537)\n\
             \tSuppressed: java.io.IOException: closed\n\t\tat A.b(A.java:1)",
            "java.lang.OutOfMemoryError: Java heap space",
        ),
    ]);
}

#[test]
fn python_tells_the_exception_below_the_frames() {
    assert_telling([
        (
            "Traceback (most recent call last):\n  File \"/app/a.py\", line 1, in <module>\n    x[1]\n    ~^^^\nKeyError: 'DATABASE_URL'\n",
            "KeyError: 'DATABASE_URL'",
        ),
        (
            "Traceback (most recent call last):\n  File \"a.py\", line 1\nKeyError: 'x'\n\n\
             During handling of the above exception, another exception occurred:\n\n\
             Traceback (most recent call last):\n  File \"a.py\", line 3\nValueError: no port\n",
            "ValueError: no port",
        ),
        // The words go on below it, and the launcher says good-bye.
        (
            "Traceback (most recent call last):\n  File \"a.py\", line 1\n\
             sqlalchemy.exc.OperationalError: (psycopg2.OperationalError) connection refused\n\
             \tIs the server running?\n\n(Background on this error at: https://sqlalche.me/e/20/e3q8)\n",
            "sqlalchemy.exc.OperationalError: (psycopg2.OperationalError) connection refused",
        ),
        (
            "[2026-03-02 11:00:07 +0000] [7] [ERROR] Exception in worker process\nTraceback (most recent call last):\n\
             \x20 File \"a.py\", line 1\nModuleNotFoundError: No module named 'shop'\n\
             [2026-03-02 11:00:07 +0000] [7] [INFO] Worker exiting (pid: 7)\n\
             [2026-03-02 11:00:07 +0000] [1] [ERROR] Reason: Worker failed to boot.\n",
            "ModuleNotFoundError: No module named 'shop'",
        ),
        (
            "  + Exception Group Traceback (most recent call last):\n  |   File \"a.py\", line 1\n\
             \x20 | ExceptionGroup: unhandled errors in a TaskGroup (1 sub-exception)\n  +-+---------------- 1 ----------------\n\
             \x20   | Traceback (most recent call last):\n    |   File \"a.py\", line 3\n    | ValueError: no port\n\
             \x20   +------------------------------------\n",
            "ValueError: no port",
        ),
        (
            "  File \"a.py\", line 1\n    foo(\n       ^\nSyntaxError: '(' was never closed",
            "SyntaxError: '(' was never closed",
        ),
    ]);
}

#[test]
fn go_tells_the_panic_and_no_goroutine() {
    assert_telling([
        (
            "starting\npanic: DATABASE_URL is not set\n\ngoroutine 1 [running]:\nmain.main()\n\t/app/main.go:12 +0x1d\nexit status 2\n",
            "panic: DATABASE_URL is not set",
        ),
        (
            "panic: runtime error: invalid memory address or nil pointer dereference\n\
             [signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x48f1c6]\n\n\
             goroutine 18 [running]:\nshop/api.(*Server).Start(0x0, {0x1, 0x2})\n\t/app/api/server.go:40 +0x26\n\
             created by main.main in goroutine 1\n\t/app/main.go:9 +0x3a\n\ngoroutine 1 [select]:\nmain.main()\n\t/app/main.go:10 +0x1\n",
            "panic: runtime error: invalid memory address or nil pointer dereference",
        ),
        (
            "panic: no route [recovered]\n\tpanic: no route\n\ngoroutine 1 [running]:\npanic({0x47b8a0?, 0x4b3fe8?})\n\t/usr/local/go/panic.go:1 +0x1\n",
            "panic: no route",
        ),
        (
            "fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 [chan receive]:\nmain.main()\n\t/app/main.go:3 +0x1\n",
            "fatal error: all goroutines are asleep - deadlock!",
        ),
        (
            "panic: invalid settings:\n- no port\n- no host\n\ngoroutine 1 [running]:\nmain.main()\n\t/app/main.go:3 +0x1\n",
            "panic: invalid settings:",
        ),
        // klog.Fatal writes its line before the goroutines.
        (
            "F0302 11:00:07.123456       1 main.go:12] no lease\ngoroutine 1 [running]:\nmain.main()\n\t/app/main.go:12 +0x1d\n",
            "no lease",
        ),
        (
            "2026/03/02 11:00:07 dial tcp 10.0.0.1:5432: connect: connection refused\n",
            "dial tcp 10.0.0.1:5432: connect: connection refused",
        ),
        ("server.start()\nbye", "bye"),
    ]);
}

#[test]
fn rust_tells_the_words_of_the_panic() {
    assert_telling([
        (
            "thread 'main' panicked at src/main.rs:3:5:\nDATABASE_URL is not set\nnote: run with `RUST_BACKTRACE=1` environment variable to display a backtrace\n",
            "DATABASE_URL is not set",
        ),
        (
            "thread 'main' (7) panicked at src/main.rs:3:5:\nassertion `left == right` failed: ports\n  left: 1\n right: 2\nnote: run with `RUST_BACKTRACE=1` environment variable to display a backtrace\n",
            "assertion `left == right` failed: ports",
        ),
        (
            "thread 'main' panicked at 'called `Result::unwrap()` on an `Err` value: NotPresent', src/main.rs:3:5\nnote: run with `RUST_BACKTRACE=1` environment variable to display a backtrace\n",
            "called `Result::unwrap()` on an `Err` value: NotPresent",
        ),
        (
            "thread 'main' panicked at src/main.rs:3:5:\nno route\nstack backtrace:\n   0: rust_begin_unwind\n             at /rustc/1/library/std/src/panicking.rs:1:5\n   1: shop::main\nnote: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace.\n",
            "no route",
        ),
        (
            "Error: cannot read the settings\n\nCaused by:\n    0: cannot open /etc/shop.toml\n    1: No such file or directory (os error 2)\n",
            "Error: cannot read the settings: No such file or directory (os error 2)",
        ),
        ("thread 'main' panicked at src/main.rs:3:5:", "src/main.rs:3:5:"),
    ]);
}

#[test]
fn node_tells_the_error_above_the_frames() {
    assert_telling([
        (
            "/app/index.js:3\n    throw new Error('no route');\n    ^\n\nError: no route\n    at Object.<anonymous> (/app/index.js:3:9)\n    at node:internal/main/run_main_module:28:49\n\nNode.js v20.10.0\n",
            "Error: no route",
        ),
        (
            "node:internal/modules/cjs/loader:1080\n  throw err;\n  ^\n\nError: Cannot find module 'express'\nRequire stack:\n- /app/index.js\n    at Module._resolveFilename (node:internal/modules/cjs/loader:1077:15) {\n  code: 'MODULE_NOT_FOUND',\n  requireStack: [ '/app/index.js' ]\n}\n\nNode.js v20.10.0\n",
            "Error: Cannot find module 'express'",
        ),
        (
            "Error: cannot start\n    at main (/app/index.js:3:9) {\n  [cause]: Error: connect ECONNREFUSED 127.0.0.1:5432\n      at TCPConnectWrap.afterConnect (node:net:1555:16) {\n    errno: -111\n  }\n}\n\nNode.js v20.10.0\nnpm ERR! code 1\n",
            "Error: connect ECONNREFUSED 127.0.0.1:5432",
        ),
        (
            "TypeError [ERR_INVALID_ARG_TYPE]: The \"path\" argument must be of type string\n    at new NodeError (node:internal/errors:405:5)\n",
            "TypeError [ERR_INVALID_ARG_TYPE]: The \"path\" argument must be of type string",
        ),
        (
            "npm ERR! Missing script: \"start\"\nnpm ERR! A complete log of this run can be found in:\n",
            "npm ERR! Missing script: \"start\"",
        ),
    ]);
}

#[test]
fn dotnet_ruby_php_and_elixir_tell_the_exception() {
    assert_telling([
        (
            "Unhandled exception. System.InvalidOperationException: cannot start\n ---> System.Net.Sockets.SocketException (111): Connection refused\n   at System.Net.Sockets.Socket.Connect()\n   --- End of inner exception stack trace ---\n   at Shop.Program.Main(String[] args) in /src/Program.cs:line 5\n",
            "System.Net.Sockets.SocketException (111): Connection refused",
        ),
        (
            "Unhandled exception. System.ArgumentNullException: Value cannot be null. (Parameter 'url')\n   at Shop.Program.Main()\nAborted (core dumped)\n",
            "System.ArgumentNullException: Value cannot be null. (Parameter 'url')",
        ),
        (
            "/app/a.rb:3:in `run': no route (RuntimeError)\n\tfrom /app/a.rb:7:in `<main>'\n",
            "no route (RuntimeError)",
        ),
        (
            "PHP Fatal error:  Uncaught PDOException: SQLSTATE[HY000] [2002] Connection refused in /app/index.php:3\nStack trace:\n#0 /app/index.php(3): PDO->__construct()\n#1 {main}\n  thrown in /app/index.php on line 3\n",
            "PHP Fatal error: Uncaught PDOException: SQLSTATE[HY000] [2002] Connection refused in /app/index.php:3",
        ),
        (
            "** (RuntimeError) no route\n    (shop 0.1.0) lib/shop.ex:3: Shop.start/2\n",
            "** (RuntimeError) no route",
        ),
    ]);
}

#[test]
fn a_stack_trace_that_the_program_survived_does_not_tell() {
    let survived = format!(
        "Traceback (most recent call last):\n  File \"a.py\", line 1\nKeyError: 'x'\n{}lost lease",
        "GET / 200\n".repeat(10)
    );
    assert_telling([(&survived, "lost lease")]);
}

#[test]
fn the_telling_line_has_no_secret() {
    assert_telling([(
        "2019/12/03 07:37:39 failed-to-connection-to-database, dburl:postgres://shop:hunter2@db:5432/shop?sslmode=verify-full",
        "failed-to-connection-to-database, dburl:postgres://shop:***@db:5432/shop?sslmode=verify-full",
    )]);
}

#[test]
fn any_bytes_have_lines() {
    // Many of the characters that the rules look for.
    const BYTES: &[u8] = b"\x1b[]0m\r\n\t :=\"'\\{}@/#-+|(a)E1F9\xff\xc3\xa9panic";
    let mut seed = 7_usize;
    for length in 0..300 {
        let bytes: Vec<u8> = (0..length)
            .map(|_| {
                seed = seed
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                BYTES[(seed >> 33) % BYTES.len()]
            })
            .collect();
        let _ = telling_line(&log_lines(&bytes));
    }
}
