//! The same with the real transport: a server on loopback that says everything back, or breaks off while it does.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::{
    MARK, TRACES, maas, palette,
    shown::{search, search_error},
};

#[derive(Clone, Copy, Debug)]
enum End {
    /// The whole answer with this status.
    Whole(u16),
    /// The head, and half of the body.
    HalfABody(u16),
    /// No HTTP.
    Nonsense,
    /// Nothing.
    Closed,
}

async fn answer(mut stream: TcpStream, end: End) -> std::io::Result<()> {
    let mut heard = Vec::new();
    let mut piece = [0; 65_536];
    // Long enough for a request to arrive whole over loopback; a server that says back less of it does no harm.
    let mut read = stream.read(&mut piece).await?;
    while read > 0 {
        heard.extend_from_slice(&piece[..read]);
        let text = String::from_utf8_lossy(&heard).to_ascii_lowercase();
        let length = text
            .split_once("content-length: ")
            .and_then(|(_, rest)| rest.split("\r\n").next()?.parse().ok())
            .unwrap_or(0);
        if text
            .split_once("\r\n\r\n")
            .is_some_and(|(_, body)| body.len() >= length)
        {
            break;
        }
        read = stream.read(&mut piece).await?;
    }
    let line: String = String::from_utf8_lossy(&heard).replace(['\r', '\n'], " ");
    let (head, body) = match end {
        End::Closed => return Ok(()),
        End::Nonsense => (String::new(), heard.as_slice()),
        End::Whole(status) => (head(status, heard.len(), &line), heard.as_slice()),
        End::HalfABody(status) => (head(status, heard.len(), &line), &heard[..heard.len() / 2]),
    };
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body).await?;
    stream.shutdown().await
}

fn head(status: u16, length: usize, told: &str) -> String {
    format!(
        "HTTP/1.1 {status} {told}\r\nContent-Length: {length}\r\nX-Echo: {told}\r\nLocation: http://other/?{told}\r\n\
         Connection: close\r\n\r\n"
    )
}

async fn server(end: End) -> (String, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream, end));
        }
    });
    (format!("http://{address}"), task)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_connection_shows_a_secret() {
    let traces = TRACES.clone();
    for end in [
        End::Whole(200),
        End::Whole(302),
        End::Whole(401),
        End::Whole(500),
        End::HalfABody(200),
        End::HalfABody(500),
        End::Nonsense,
        End::Closed,
    ] {
        let (url, task) = server(end).await;
        let client = maas::builder(&format!("{url}/MAAS")).build().unwrap();
        let mut errors = maas::everything(&client).await;
        let client = palette::builder(&url).build().unwrap();
        errors.extend(palette::everything(&client).await);
        assert!(errors.len() > 30, "{end:?}: {} errors", errors.len());
        for error in errors {
            search_error(&error, &format!("{end:?}"));
        }
        task.abort();
    }
    // Nobody listens any more.
    let (url, task) = server(End::Closed).await;
    task.abort();
    let _ = task.await;
    let client = maas::builder(&format!("{url}/MAAS")).build().unwrap();
    for error in maas::everything(&client).await {
        search_error(&error, "a refused connection");
    }
    search(&traces.text(), "a trace");
    // Through a proxy whose address has a password and that is not there.
    let proxy = format!("http://user:{MARK}@{}", url.trim_start_matches("http://"));
    let client = maas::builder("http://maas.invalid/MAAS")
        .proxy(proxy)
        .build()
        .unwrap();
    search_error(&client.version().await.unwrap_err(), "a proxy");
    search(&traces.text(), "a trace");
}
