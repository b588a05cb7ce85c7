//! The agent's output on its way to ours.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::AsyncWrite;

use crate::report::gitlab::SectionFilter;

/// Hands bytes on to `inner`, on GitLab with section markers made harmless.
pub(super) struct Output<W> {
    inner: W,
    filter: Option<SectionFilter>,
    /// Filtered bytes that `inner` has not taken yet, from `taken` on.
    held: Vec<u8>,
    taken: usize,
}

impl<W: AsyncWrite + Unpin> Output<W> {
    pub(super) fn new(inner: W, filtered: bool) -> Self {
        let filter = filtered.then(SectionFilter::default);
        Self {
            inner,
            filter,
            held: Vec::new(),
            taken: 0,
        }
    }

    fn poll_drain(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(rest) = self.held.get(self.taken..).filter(|rest| !rest.is_empty()) {
            match ready!(Pin::new(&mut self.inner).poll_write(context, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => self.taken += written,
            }
        }
        self.held.clear();
        self.taken = 0;
        Poll::Ready(Ok(()))
    }
}

impl<W: AsyncWrite + Unpin> AsyncWrite for Output<W> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if this.filter.is_none() {
            return Pin::new(&mut this.inner).poll_write(context, bytes);
        }
        ready!(this.poll_drain(context))?;
        this.held.extend_from_slice(bytes);
        if let Some(filter) = &mut this.filter {
            filter.filter(&mut this.held);
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_drain(context))?;
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_drain(context))?;
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt as _;

    use super::*;

    #[tokio::test]
    async fn markers_split_over_writes_are_caught() {
        let mut output = Output::new(Vec::new(), true);
        for piece in [&b"\x1b[0Ksec"[..], b"tion", b"_start:0:x\r", b" section_ok"] {
            output.write_all(piece).await.unwrap();
        }
        output.flush().await.unwrap();
        assert_eq!(output.inner, b"\x1b[0Ksection_start;0:x\r section_ok");
    }

    #[tokio::test]
    async fn elsewhere_nothing_changes() {
        let mut output = Output::new(Vec::new(), false);
        output.write_all(b"section_start:0:x").await.unwrap();
        assert_eq!(output.inner, b"section_start:0:x");
    }
}
