//! The conversation with init, carried on by a task of its own.

use fullsend_init::{Event, Order, Record};
use tokio::sync::mpsc;

use super::channel::{Channel, Connection};

/// What is heard from init.
#[derive(Debug)]
pub(super) enum Heard {
    /// Init is there; this process is at its end of the connection, where that can be told.
    Connected(Option<i32>),
    /// The agent's exec succeeded.
    Started,
    /// The agent ended.
    Record(Box<Record>),
    /// The connection is over, and there was no record.
    Lost(String),
}

/// Our end of the conversation. Dropping it hangs up, upon which init kills everything.
#[derive(Debug)]
pub(super) struct Line {
    heard: mpsc::UnboundedReceiver<Heard>,
    orders: mpsc::UnboundedSender<Order>,
}

impl Line {
    /// Waits for init's one connection and listens to it.
    pub(super) fn open(channel: &std::sync::Arc<Channel>) -> Self {
        let (to_us, heard) = mpsc::unbounded_channel();
        let (orders, mut to_init) = mpsc::unbounded_channel();
        let channel = channel.clone();
        tokio::spawn(async move {
            let accepted = tokio::select! {
                accepted = channel.accept() => accepted,
                () = to_us.closed() => return,
            };
            let lost = match accepted {
                Ok(connection) => converse(connection, &to_us, &mut to_init).await,
                Err(error) => Some(format!("the sandbox's socket failed: {error}")),
            };
            // Nobody listening any more is no concern.
            let _ = lost.map(|reason| to_us.send(Heard::Lost(reason)));
        });
        Self { heard, orders }
    }

    /// The next thing heard; none after the record or the loss. Safe to cancel.
    pub(super) async fn next(&mut self) -> Option<Heard> {
        self.heard.recv().await
    }

    /// Sends an order as soon as init is there.
    pub(super) fn order(&self, order: Order) {
        let _ = self.orders.send(order);
    }
}

/// Listens and speaks until the record is there (`None`) or never will be (the reason).
async fn converse(
    mut connection: Connection,
    to_us: &mpsc::UnboundedSender<Heard>,
    orders: &mut mpsc::UnboundedReceiver<Order>,
) -> Option<String> {
    to_us.send(Heard::Connected(connection.peer())).ok()?;
    loop {
        let events = tokio::select! {
            events = connection.events() => events,
            order = orders.recv() => match order {
                Some(order) => {
                    connection.order(order).await;
                    continue;
                }
                None => return None,
            },
        };
        let events = match events {
            Ok(events) if events.is_empty() => {
                return Some("the sandbox's init ended without a record".to_owned());
            }
            Ok(events) => events,
            Err(error) => return Some(error.to_string()),
        };
        for event in events {
            match event {
                Event::Hello => {}
                Event::Started => to_us.send(Heard::Started).ok()?,
                Event::Record(record) => {
                    to_us.send(Heard::Record(Box::new(record))).ok()?;
                    return None;
                }
            }
        }
    }
}
