//! Plain icons in the colour of the text beside them. All are hidden from screen readers, because the text
//! says the same.

use leptos::tachys::html::InertElement;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    /// Add.
    Plus,
    Back,
    /// Success.
    Good,
    /// Failure.
    Bad,
    Warning,
    /// Information.
    Info,
    /// Not known yet.
    Idle,
    /// In progress.
    Waiting,
    /// Included, and not changeable.
    Tick,
    /// Two linked things.
    Link,
    /// A mailbox.
    Mailbox,
    /// Users.
    People,
    /// The way back to another program.
    Return,
    Picture,
    Key,
    /// A list of lines.
    Lines,
}

/// The markup of one icon, with what is drawn in it.
macro_rules! svg {
    ($($drawn:literal),+) => {
        concat!("<svg class=\"icon\" viewBox=\"0 0 16 16\" aria-hidden=\"true\">", $($drawn),+, "</svg>")
    };
}

/// A ring at the edge.
macro_rules! ringed {
    ($path:literal) => {
        svg!("<circle cx=\"8\" cy=\"8\" r=\"6.25\"></circle>", "<path d=\"", $path, "\"></path>")
    };
}

/// An icon that consists of one path.
macro_rules! path {
    ($path:literal) => {
        svg!("<path d=\"", $path, "\"></path>")
    };
}

impl Icon {
    /// The icon as HTML.
    pub const fn svg(self) -> &'static str {
        match self {
            Self::Plus => path!("M8 3v10M3 8h10"),
            Self::Back => path!("M13 8H3m4-4L3 8l4 4"),
            Self::Good => ringed!("m5.2 8.2 2 2 3.6-4.2"),
            Self::Bad => ringed!("m6 6 4 4m0-4-4 4"),
            Self::Warning => path!("M8 2 14.4 13.4H1.6zM8 6.4v3.2m0 1.8v.01"),
            Self::Info => ringed!("M8 7.4v3.8M8 4.9v.01"),
            Self::Idle => svg!("<circle cx=\"8\" cy=\"8\" r=\"6.25\" stroke-dasharray=\"2 2.9\"></circle>"),
            Self::Waiting => ringed!("M8 4.6V8l2.2 1.5"),
            Self::Tick => path!("m3 8.5 3.3 3.2L13 4.5"),
            Self::Link => path!(
                "m6 10 4-4M7 4.6l1.4-1.4a3.1 3.1 0 0 1 4.4 4.4L11.4 9M9 11.4l-1.4 1.4a3.1 3.1 0 0 1-4.4-4.4L4.6 7"
            ),
            Self::Mailbox => path!("M2 3.5h12v9H2zM2.3 4 8 8.8 13.7 4"),
            Self::People => path!(
                "M2 13.5c0-2.4 1.8-4 4-4s4 1.6 4 4M6 7.2a2.4 2.4 0 1 0 0-4.8 2.4 2.4 0 0 0 0 4.8M10.6 2.6a2.4 2.4 0 0 1 \
                 0 4.4M12 9.9c1.3.6 2 1.9 2 3.6"
            ),
            Self::Return => path!("M2.5 6h7a4 4 0 0 1 0 8H6M5.5 3l-3 3 3 3"),
            Self::Key => {
                path!("M5.5 13a3 3 0 1 0 0-6 3 3 0 0 0 0 6zm2.2-5.2L13.5 2M11 4.5l2 2M9 6.5l1.5 1.5")
            }
            Self::Lines => path!("M2.5 4h11M2.5 8h11M2.5 12h7"),
            Self::Picture => path!("M2.5 3h11v10h-11zm0 8 3.2-3.4 2.6 2.6 2-1.8 3.2 3M10.6 5.8v.01"),
        }
    }

    /// The icon as a view.
    pub fn draw(self) -> InertElement {
        InertElement::new(self.svg())
    }
}
