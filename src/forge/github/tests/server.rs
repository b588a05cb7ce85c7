//! A GitHub that answers as a test says, and remembers what it was asked.

use std::{
    fmt::Write as _,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use serde_json::{Value, json};

/// A request that came in.
#[derive(Clone, Debug)]
pub(super) struct Got {
    /// `POST /graphql`.
    pub(super) line: String,
    /// Names in lower case.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Value,
}

impl Got {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The document, without its variables.
    pub(super) fn query(&self) -> &str {
        self.body["query"].as_str().unwrap_or_default()
    }

    pub(super) fn is_graphql(&self) -> bool {
        self.line.ends_with("/graphql")
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub(super) struct Say {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Say {
    pub(super) fn json(body: &Value) -> Self {
        Self::status(200, body)
    }

    pub(super) fn data(data: &Value) -> Self {
        Self::json(&json!({"data": data}))
    }

    pub(super) fn status(status: u16, body: &Value) -> Self {
        Self::raw(status, body.to_string().into_bytes())
    }

    pub(super) fn raw(status: u16, body: Vec<u8>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body,
        }
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// A running server, which ends when it is dropped.
pub(super) struct Server {
    pub(super) host: String,
    log: Arc<Mutex<Vec<Got>>>,
    is_over: Arc<AtomicBool>,
}

impl Server {
    /// Answers by `answer`, which is told how many requests came before.
    pub(super) fn start(answer: impl Fn(&Got, usize) -> Say + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self {
            host: listener.local_addr().unwrap().to_string(),
            log: Arc::default(),
            is_over: Arc::default(),
        };
        let (log, is_over) = (Arc::clone(&server.log), Arc::clone(&server.is_over));
        let answer = Arc::new(answer);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if is_over.load(Ordering::SeqCst) {
                    return;
                }
                let (log, answer) = (Arc::clone(&log), Arc::clone(&answer));
                std::thread::spawn(move || serve(stream.unwrap(), &log, &*answer));
            }
        });
        server
    }

    /// The API, as on github.com.
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.host)
    }

    /// What it was asked.
    pub(super) fn got(&self) -> Vec<Got> {
        self.log.lock().unwrap().clone()
    }

    /// What it was asked, in short.
    pub(super) fn lines(&self) -> Vec<String> {
        self.got().into_iter().map(|got| got.line).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(&self.host);
    }
}

fn serve(stream: TcpStream, log: &Mutex<Vec<Got>>, answer: &(dyn Fn(&Got, usize) -> Say + Sync)) {
    let mut reader = BufReader::new(stream);
    let Some(got) = read(&mut reader) else {
        return;
    };
    let before = {
        let mut log = log.lock().unwrap();
        log.push(got.clone());
        log.len() - 1
    };
    let Say {
        status,
        headers,
        body,
    } = answer(&got, before);
    let mut head = format!("HTTP/1.1 {status} X\r\nconnection: close\r\n");
    for (name, value) in headers {
        write!(head, "{name}: {value}\r\n").unwrap();
    }
    write!(head, "content-length: {}\r\n\r\n", body.len()).unwrap();
    let mut stream = reader.into_inner();
    let _ = stream.write_all(head.as_bytes());
    let _ = stream.write_all(&body);
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Got> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let line = line.rsplit_once(' ')?.0.to_owned();
    let mut headers = Vec::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim_end().split_once(": ") else {
            break;
        };
        headers.push((name.to_lowercase(), value.to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.map_or(0, |(_, length)| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Got {
        line,
        headers,
        body: serde_json::from_slice(&body).unwrap_or(Value::Null),
    })
}
