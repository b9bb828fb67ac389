//! A page as a handler returns it: title and view, without the frame around it.

use std::sync::{Arc, Mutex, PoisonError};

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use leptos::prelude::AnyView;

use super::language::Language;

/// The frame of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame {
    /// The left pane, the user's menu, and the page beside them. Without a logged-in user it is the narrow frame.
    Console,
    /// A narrow column only, for visitors who are not logged in, and for pages around a sign-in.
    Narrow,
    /// A column without the name of this program, for people who have no user here and never chose this program.
    Guest,
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
    pub fn make_view(&self) -> Option<AnyView> {
        let view = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        view.map(|view| view())
    }
}

/// A page. One layer above all features renders it in its frame.
#[derive(Clone)]
pub struct Page {
    /// Title of the browser tab, before the program's name. [`Frame::Guest`] shows it alone.
    pub title: String,
    /// Frame of the page.
    pub frame: Frame,
    /// The language of its texts.
    pub language: Language,
    /// Status of the response.
    pub status: StatusCode,
    pub content: Content,
    /// Whether all visitors who are not logged in get the same document.
    pub is_for_everyone: bool,
    /// The address that the browser opens without a click, if any.
    pub then: Option<Then>,
}

/// An address that the browser opens without a click and without scripts.
#[derive(Clone, Debug)]
pub enum Then {
    /// Goes to another URL at once (`<meta http-equiv=refresh>`).
    GoTo(String),
    /// Reloads the page after this many seconds (the header `Refresh`).
    Reload(u32),
}

impl Page {
    /// A page of the console with status 200.
    pub fn new(title: impl Into<String>, view: impl FnOnce() -> AnyView + Send + 'static) -> Self {
        Self {
            title: title.into(),
            frame: Frame::Console,
            language: Language::English,
            status: StatusCode::OK,
            content: Content::new(view),
            is_for_everyone: false,
            then: None,
        }
    }

    /// The same page in the narrow frame.
    #[must_use]
    pub fn narrow(mut self) -> Self {
        self.frame = Frame::Narrow;
        self
    }

    /// The same page for people without a user, in this language.
    #[must_use]
    pub fn for_guests(mut self, language: Language) -> Self {
        self.frame = Frame::Guest;
        self.language = language;
        self
    }

    /// The same page, of which all visitors who are not logged in get the same document. It is made once, without
    /// scripts.
    #[must_use]
    pub fn for_everyone(mut self) -> Self {
        self.is_for_everyone = true;
        self
    }

    /// The same page with another status.
    #[must_use]
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// The same page with an address that the browser opens next.
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
