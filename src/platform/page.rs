//! What a handler gives where it wants a page shown: a title and a view, without the frame round it.

use std::sync::{Arc, Mutex, PoisonError};

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use leptos::prelude::AnyView;

/// Which frame a page stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame {
    /// The left pane, the user's menu, and the page beside them.
    Console,
    /// A narrow column alone, for whoever is not logged in or on the way out or back.
    Narrow,
}

/// The content of a page: a function that is called once, so that it moves the page's model into the view.
///
/// Extensions of a response must be `Clone` and `Sync`, which such a function is not: hence the lock. All clones share
/// the one function.
#[derive(Clone)]
pub struct Content(Arc<Mutex<Option<MakeView>>>);

type MakeView = Box<dyn FnOnce() -> AnyView + Send>;

impl Content {
    fn new(view: impl FnOnce() -> AnyView + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(Some(Box::new(view)))))
    }

    /// Makes the view. `None` if it was made before.
    pub fn take(&self) -> Option<AnyView> {
        let view = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        view.map(|view| view())
    }
}

/// A page. It is rendered by one layer above all features, which knows the frame.
#[derive(Clone)]
pub struct Page {
    /// What the browser's tab says, before the program's name.
    pub title: String,
    /// The frame.
    pub frame: Frame,
    /// The status.
    pub status: StatusCode,
    /// The content.
    pub content: Content,
    /// What the browser does by itself.
    pub then: Option<Then>,
}

/// What the browser does by itself, without scripts, once it shows the page.
#[derive(Clone, Debug)]
pub enum Then {
    /// Goes on at once to another address (`<meta http-equiv=refresh>`).
    GoTo(String),
    /// Loads the page again after so many seconds (the header `Refresh`).
    Reload(u32),
}

impl Page {
    /// A page of the console, 200.
    pub fn new(title: impl Into<String>, view: impl FnOnce() -> AnyView + Send + 'static) -> Self {
        Self {
            title: title.into(),
            frame: Frame::Console,
            status: StatusCode::OK,
            content: Content::new(view),
            then: None,
        }
    }

    /// The same in the narrow frame.
    #[must_use]
    pub fn narrow(mut self) -> Self {
        self.frame = Frame::Narrow;
        self
    }

    /// The same with another status.
    #[must_use]
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// The same, with something that the browser does by itself.
    #[must_use]
    pub fn then(mut self, then: Then) -> Self {
        self.then = Some(then);
        self
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}
