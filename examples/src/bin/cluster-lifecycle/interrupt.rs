//! Ctrl-C, listened to from the very beginning.

use tokio::sync::watch;

use crate::Stop;

/// Whether Ctrl-C was pressed. One that came while nobody waited is not lost.
#[derive(Clone, Debug)]
pub(crate) struct Interrupt(watch::Receiver<bool>);

impl Interrupt {
    /// Listens from this call on.
    pub(crate) fn listen() -> Self {
        let (sender, receiver) = watch::channel(false);
        let mut pressed = Box::pin(tokio::signal::ctrl_c());
        // The first poll installs the handler, before anything else runs.
        let installed = futures_util::FutureExt::now_or_never(&mut pressed);
        tokio::spawn(async move {
            if installed.is_none() && pressed.await.is_ok() {
                let _ = sender.send(true);
            }
            // A receiver must not take the sender's end for Ctrl-C.
            sender.closed().await;
        });
        Self(receiver)
    }

    /// Ends at Ctrl-C.
    pub(crate) async fn wait(&self) {
        if self.0.clone().wait_for(|pressed| *pressed).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// The result of `work`, unless Ctrl-C comes first.
    pub(crate) async fn or<T>(
        &self,
        work: impl Future<Output = Result<T, Stop>>,
    ) -> Result<T, Stop> {
        tokio::select! {
            result = work => result,
            () = self.wait() => Err(Stop::Interrupted),
        }
    }
}
