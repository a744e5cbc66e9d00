//! Lists that page by themselves.

use std::{
    collections::VecDeque,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use futures_util::{Stream, StreamExt};

use crate::{Error, List};

/// One page: its elements and how to ask for the next one.
#[derive(Debug)]
pub struct Page<T> {
    /// The elements, each readable or with its own error.
    pub items: Vec<Result<T, Error>>,
    /// The token of the next page; `None` at the end.
    pub next: Option<String>,
}

type Fetch<T> = Pin<Box<dyn Future<Output = Result<Page<T>, Error>> + Send>>;

/// A stream over all elements of a paged list.
///
/// The next page is asked for as soon as its token is known, while the elements of this one are handed out. A server
/// that names the same page twice ends the stream with an error instead of a loop. After an error of a whole page the
/// stream ends; an unreadable element is an error in its place and the stream goes on.
pub struct Pager<T> {
    fetch: Box<dyn FnMut(Option<String>) -> Fetch<T> + Send>,
    ready: VecDeque<Result<T, Error>>,
    pending: Option<Fetch<T>>,
    arrived: Option<Result<Page<T>, Error>>,
    seen: Vec<String>,
}

impl<T: Send + 'static> Pager<T> {
    /// A pager over `fetch`, which is called with `None` for the first page and with each further page's token.
    pub fn new<F, R>(mut fetch: F) -> Self
    where
        F: FnMut(Option<String>) -> R + Send + 'static,
        R: Future<Output = Result<Page<T>, Error>> + Send + 'static,
    {
        let first: Fetch<T> = Box::pin(fetch(None));
        Self {
            fetch: Box::new(move |token| Box::pin(fetch(token))),
            ready: VecDeque::new(),
            pending: Some(first),
            arrived: None,
            seen: Vec::new(),
        }
    }

    /// All elements.
    ///
    /// # Errors
    /// The error of the first page that could not be fetched.
    pub async fn collect_all(mut self) -> Result<List<T>, Error> {
        let mut all = Vec::new();
        while let Some(item) = self.next().await {
            match item {
                Err(error) if error.kind() != crate::ErrorKind::Decode => return Err(error),
                item => all.push(item),
            }
        }
        Ok(all.into_iter().collect())
    }

    fn accept(&mut self, page: Page<T>) {
        self.ready.extend(page.items);
        let Some(token) = page.next.filter(|token| !token.is_empty()) else {
            return;
        };
        if self.seen.contains(&token) {
            self.ready.push_back(Err(Error::new(
                crate::ErrorKind::ServerError,
                "the server names the same next page twice",
            )));
            return;
        }
        self.seen.push(token.clone());
        self.pending = Some((self.fetch)(Some(token)));
    }
}

impl<T: Send + 'static> Stream for Pager<T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if let Some(fetch) = &mut this.pending
            && let Poll::Ready(page) = fetch.as_mut().poll(cx)
        {
            this.pending = None;
            this.arrived = Some(page);
        }
        loop {
            if let Some(item) = this.ready.pop_front() {
                return Poll::Ready(Some(item));
            }
            match this.arrived.take() {
                Some(Ok(page)) => this.accept(page),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => {}
            }
            if !this.ready.is_empty() {
                continue;
            }
            let Some(fetch) = &mut this.pending else {
                return Poll::Ready(None);
            };
            match fetch.as_mut().poll(cx) {
                Poll::Ready(page) => {
                    this.pending = None;
                    this.arrived = Some(page);
                }
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

impl<T> Unpin for Pager<T> {}

impl<T> std::fmt::Debug for Pager<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pager")
            .field("pages", &self.seen.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn page(token: Option<String>) -> Result<Page<u32>, Error> {
        let number: u32 = token.map_or(0, |token| token.parse().unwrap());
        Ok(Page {
            items: (number * 10..number * 10 + 10).map(Ok).collect(),
            next: (number < 4).then(|| (number + 1).to_string()),
        })
    }

    #[tokio::test]
    async fn every_element_of_every_page_is_there_once() {
        let all = Pager::new(page).collect_all().await.unwrap();
        assert_eq!(all.into_items(), (0..50).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn the_next_page_is_under_way_while_this_one_is_read() {
        let asked = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0));
        let count = asked.clone();
        let mut pager = Pager::new(move |token| {
            count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            page(token)
        });
        pager.next().await.unwrap().unwrap();
        assert_eq!(asked.load(std::sync::atomic::Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn a_server_that_goes_in_circles_is_an_error() {
        let pager = Pager::new(|_| async {
            Ok(Page {
                items: vec![Ok(1)],
                next: Some("same".into()),
            })
        });
        let error = pager.collect_all().await.unwrap_err();
        assert_eq!(error.kind(), crate::ErrorKind::ServerError);
    }

    #[tokio::test]
    async fn one_unreadable_element_spoils_only_itself() {
        let pager = Pager::new(|_| async {
            Ok(Page {
                items: vec![
                    Ok(1),
                    Err(Error::decode("items[1].id: not a number")),
                    Ok(3),
                ],
                next: None,
            })
        });
        let list = pager.collect_all().await.unwrap();
        assert_eq!(list.unreadable().len(), 1);
        assert_eq!(list.into_items(), [1, 3]);
    }
}
