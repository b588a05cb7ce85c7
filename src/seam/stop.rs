//! Ctrl-C and its kin, for work that ends at a safe point: the first signal asks for that, the
//! second one for an end at once.

use std::io;

use tokio::sync::watch;

use super::signals::Signals;

/// Whether we were asked to end, and how urgently; clones tell the same.
#[derive(Clone, Debug)]
pub struct Stop(watch::Receiver<Asked>);

#[derive(Clone, Copy, Debug, Default)]
struct Asked {
    times: u32,
    /// The first signal's number.
    signal: Option<u8>,
}

impl Stop {
    /// Begins to listen, within a runtime. From then on signals no longer end the process by
    /// themselves: whoever does long work looks at [`asked`](Self::asked) between its steps, and
    /// gives all of it up at [`twice`](Self::twice).
    pub fn listen() -> io::Result<Self> {
        let mut signals = Signals::listen()?;
        let (sender, receiver) = watch::channel(Asked::default());
        tokio::spawn(async move {
            loop {
                let signal = signals.next().await;
                sender.send_modify(|asked| {
                    asked.times = asked.times.saturating_add(1);
                    asked.signal = asked.signal.or(Some(signal));
                });
            }
        });
        Ok(Self(receiver))
    }

    /// The signal that asks us to end.
    pub fn asked(&self) -> Option<u8> {
        self.0.borrow().signal
    }

    /// Waits until we are asked to end; the signal.
    pub async fn once(&self) -> u8 {
        self.times(1).await
    }

    /// Waits until we are asked to end at once; the first signal.
    pub async fn twice(&self) -> u8 {
        self.times(2).await
    }

    async fn times(&self, times: u32) -> u8 {
        let mut asked = self.0.clone();
        let signal = asked.wait_for(|asked| asked.times >= times).await;
        match signal.ok().and_then(|asked| asked.signal) {
            Some(signal) => signal,
            // Nobody listens any more: the runtime is at its end.
            None => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use rustix::process::{Signal, getpid, kill_process};

    use super::*;

    #[tokio::test]
    async fn the_first_signal_asks_and_the_second_insists() {
        let stop = Stop::listen().unwrap();
        assert_eq!(stop.asked(), None);
        kill_process(getpid(), Signal::TERM).unwrap();
        assert_eq!(stop.clone().once().await, 15);
        assert_eq!(stop.asked(), Some(15));
        let soon = std::time::Duration::from_millis(50);
        assert!(tokio::time::timeout(soon, stop.twice()).await.is_err());
        kill_process(getpid(), Signal::INT).unwrap();
        assert_eq!(stop.twice().await, 15);
    }
}
