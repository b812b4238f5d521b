//! Proxies: HTTP tunnels, forwarded requests and SOCKS.

use super::{ConfigDirectory, TOKEN, class_and_message, reach};
use crate::client::{IMPATIENT, PATIENT, try_client};
use sre_shared::cluster::{Deadlines, version};
use sre_shared::failure::Class;
use sre_testkit::ApiServer;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A proxy that treats each connection in one way.
struct Proxy {
    port: u16,
    heads: Arc<Mutex<Vec<String>>>,
}

#[derive(Clone, Copy)]
enum ProxyBehavior {
    Tunnel,
    Say(&'static str),
    StaySilent,
    Socks { login: bool },
}

impl Proxy {
    async fn start(behavior: ProxyBehavior) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("it is bound").port();
        let heads = Arc::<Mutex<Vec<String>>>::default();
        let kept = Arc::clone(&heads);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, behavior, Arc::clone(&kept)));
            }
        });
        Self { port, heads }
    }

    fn heads(&self) -> Vec<String> {
        self.heads.lock().expect("no test panics here").clone()
    }
}

async fn serve(
    mut stream: TcpStream,
    behavior: ProxyBehavior,
    heads: Arc<Mutex<Vec<String>>>,
) -> std::io::Result<()> {
    let place = match behavior {
        ProxyBehavior::Socks { login } => socks(&mut stream, login, &heads).await?,
        _ => {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await?);
            }
            let head = String::from_utf8_lossy(&head).into_owned();
            let place = head.split(' ').nth(1).unwrap_or_default().to_owned();
            heads.lock().expect("no test panics here").push(head);
            match behavior {
                ProxyBehavior::Say(words) => {
                    stream.write_all(words.as_bytes()).await?;
                    return stream.shutdown().await;
                }
                ProxyBehavior::StaySilent => {
                    let mut rest = Vec::new();
                    stream.read_to_end(&mut rest).await?;
                    return Ok(());
                }
                _ => {}
            }
            stream
                .write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")
                .await?;
            place
        }
    };
    let mut server = TcpStream::connect(place).await?;
    tokio::io::copy_bidirectional(&mut stream, &mut server).await?;
    Ok(())
}

async fn socks(stream: &mut TcpStream, login: bool, heads: &Mutex<Vec<String>>) -> std::io::Result<String> {
    let mut greeting = [0; 2];
    stream.read_exact(&mut greeting).await?;
    let mut methods = vec![0; usize::from(greeting[1])];
    stream.read_exact(&mut methods).await?;
    let method = if login { 2 } else { 0 };
    if !methods.contains(&method) {
        stream.write_all(&[5, 0xff]).await?;
        return Err(std::io::ErrorKind::PermissionDenied.into());
    }
    stream.write_all(&[5, method]).await?;
    let text = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        heads.lock().expect("no test panics here").push(text);
    };
    if login {
        stream.read_u8().await?;
        for _ in 0..2 {
            let mut part = vec![0; usize::from(stream.read_u8().await?)];
            stream.read_exact(&mut part).await?;
            text(&part);
        }
        stream.write_all(&[1, 0]).await?;
    }
    let mut head = [0; 4];
    stream.read_exact(&mut head).await?;
    let host = if head[3] == 3 {
        let mut name = vec![0; usize::from(stream.read_u8().await?)];
        stream.read_exact(&mut name).await?;
        text(&name);
        String::from_utf8_lossy(&name).into_owned()
    } else {
        let mut ip = [0; 4];
        stream.read_exact(&mut ip).await?;
        std::net::Ipv4Addr::from(ip).to_string()
    };
    let port = stream.read_u16().await?;
    stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
    Ok(format!("{host}:{port}"))
}

#[tokio::test]
async fn an_http_proxy_is_asked_for_a_tunnel_with_its_user_and_password() {
    let server = ApiServer::builder()
        .token(TOKEN)
        .without_anonymous()
        .start()
        .await;
    let proxy = Proxy::start(ProxyBehavior::Tunnel).await;
    let place = ConfigDirectory::new();
    let more = format!(", proxy-url: 'http://joe:pass%21@127.0.0.1:{}'", proxy.port);
    let client = reach(&place.config_for(&server, &more, &format!("token: {TOKEN}"))).await;
    let address = server.address();
    assert_eq!(
        proxy.heads(),
        [format!(
            "CONNECT {address} HTTP/1.1\r\nHost: {address}\r\nProxy-Authorization: Basic am9lOnBhc3Mh\r\n\r\n"
        )]
    );
    let info = client.connection_info();
    assert_eq!(info.proxy.url, Some(format!("http://127.0.0.1:{}", proxy.port)));
    assert_eq!(info.proxy.why, "proxy-url of cluster \"c\"");
    let dialed = client.dial().await;
    assert!(dialed.proxy.is_some_and(|step| step.result.is_ok()));
    assert!(dialed.tls.is_some_and(|step| step.result.is_ok()));
}

#[tokio::test]
async fn a_socks_proxy_gets_the_name_and_a_login_if_it_wants_one() {
    let server = ApiServer::builder()
        .token(TOKEN)
        .without_anonymous()
        .start()
        .await;
    let place = ConfigDirectory::new();
    place.write("ca.crt", server.ca_pem().unwrap_or_default());
    let port = server.address().port();
    let kubeconfig = |proxy: &str| {
        place.config(
            &format!(
                "server: 'https://localhost:{port}', certificate-authority: ca.crt, proxy-url: '{proxy}'"
            ),
            &format!("token: {TOKEN}"),
        )
    };
    let open = Proxy::start(ProxyBehavior::Socks { login: false }).await;
    reach(&kubeconfig(&format!("socks5://127.0.0.1:{}", open.port))).await;
    assert_eq!(open.heads(), ["localhost"]);
    let closed = Proxy::start(ProxyBehavior::Socks { login: true }).await;
    reach(&kubeconfig(&format!(
        "socks5://joe:pass@127.0.0.1:{}",
        closed.port
    )))
    .await;
    assert_eq!(closed.heads(), ["joe", "pass", "localhost"]);
    let client = try_client(
        &kubeconfig(&format!("socks5://127.0.0.1:{}", closed.port)),
        PATIENT,
    )
    .await
    .expect("a client");
    let failure = version(&client).await.0.expect_err("a login is missing");
    let expected = format!(
        "the proxy socks5://127.0.0.1:{}: it wants a login that is not there",
        closed.port
    );
    assert_eq!(class_and_message(&failure), (Class::Proxy, expected.as_str()));
}

#[tokio::test]
async fn a_proxy_that_refuses_has_its_own_class_and_is_quoted() {
    let place = ConfigDirectory::new();
    for (behavior, class, words) in [
        (
            ProxyBehavior::Say("HTTP/1.1 403 Not \u{1b}allowed\r\n\r\n"),
            Class::Proxy,
            "it answers HTTP/1.1 403 Not allowed",
        ),
        (
            ProxyBehavior::Say("HTTP/1.0 407 Proxy Authentication Required\r\nX: y\r\n\r\n"),
            Class::Proxy,
            "it answers HTTP/1.0 407 Proxy Authentication Required",
        ),
        (
            ProxyBehavior::Say(""),
            Class::Proxy,
            "it closed the connection without an answer",
        ),
        (
            ProxyBehavior::Say("HTTP/1."),
            Class::Proxy,
            "it closed the connection within its answer",
        ),
        (
            ProxyBehavior::Say("220 mail.example ESMTP\r\n"),
            Class::Proxy,
            "what answers is no HTTP proxy",
        ),
    ] {
        let proxy = Proxy::start(behavior).await;
        let url = format!("http://joe:{TOKEN}@127.0.0.1:{}", proxy.port);
        let config = place.config(
            &format!("server: 'https://api.example:6443', proxy-url: '{url}'"),
            "",
        );
        let client = try_client(&config, PATIENT).await.expect("a client");
        let failure = version(&client).await.0.expect_err("the proxy refuses");
        let expected = format!("the proxy http://127.0.0.1:{}: {words}", proxy.port);
        assert_eq!(class_and_message(&failure), (class, expected.as_str()));
        let dialed = client.dial().await;
        let step = dialed
            .proxy
            .expect("it was asked")
            .result
            .expect_err("it refuses");
        assert_eq!(class_and_message(&step), (class, expected.as_str()));
        assert!(dialed.tls.is_none());
        assert!(!format!("{failure:?} {:?}", client.connection_info()).contains(TOKEN));
    }
    let silent = Proxy::start(ProxyBehavior::StaySilent).await;
    let config = place.config(
        &format!(
            "server: 'https://api.example:6443', proxy-url: 'http://127.0.0.1:{}'",
            silent.port
        ),
        "",
    );
    // Patient but for connections, so that one deadline alone passes.
    let deadlines = Deadlines {
        connect: IMPATIENT.connect,
        ..PATIENT
    };
    let client = try_client(&config, deadlines).await.expect("a client");
    let failure = version(&client).await.0.expect_err("the proxy is silent");
    assert_eq!(
        class_and_message(&failure),
        (Class::Timeout, "no connection within 0.3 s")
    );

    let free = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = free.local_addr().expect("it is bound").port();
    drop(free);
    let config = place.config(
        &format!("server: 'https://api.example:6443', proxy-url: 'socks5://127.0.0.1:{port}'"),
        "",
    );
    let client = try_client(&config, PATIENT).await.expect("a client");
    let failure = version(&client).await.0.expect_err("nothing listens");
    assert_eq!(failure.class, Class::Refused);
    assert!(
        failure.message.starts_with("the proxy socks5://127.0.0.1:"),
        "{failure}"
    );
    assert!(failure.hint().contains("proxy-url"), "{}", failure.hint());
}

#[tokio::test]
async fn over_plain_http_a_proxy_gets_the_whole_address_and_no_credential_is_sent() {
    let answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 24\r\n\r\n\
                  {\"gitVersion\": \"v9.9.9\"} ";
    let proxy = Proxy::start(ProxyBehavior::Say(answer)).await;
    let place = ConfigDirectory::new();
    let config = place.config(
        &format!(
            "server: 'api.example:8080', proxy-url: 'http://joe:pw@127.0.0.1:{}'",
            proxy.port
        ),
        &format!("token: {TOKEN}, as: jane"),
    );
    let client = try_client(&config, PATIENT).await.expect("a client");
    assert_eq!(version(&client).await.0.as_deref(), Ok("v9.9.9"));
    let head = proxy.heads().remove(0).to_ascii_lowercase();
    assert!(
        head.starts_with("get http://api.example:8080/version http/1.1\r\n"),
        "{head}"
    );
    assert!(head.contains("proxy-authorization: basic am9l"), "{head}");
    assert!(
        head.contains("impersonate-user: jane\r\n") && !head.contains("bearer"),
        "{head}"
    );
    assert_eq!(
        client.connection_info().credential.kind,
        "none, since none is sent over plain HTTP"
    );
}
