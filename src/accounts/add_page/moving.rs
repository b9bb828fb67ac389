//! What an administrator sees before a link is made with which an account moves to another connector: which API clients
//! gain and lose the account.

use leptos::prelude::*;

use crate::{
    accounts::service::ReachChange,
    ui::widgets::{FocusedNotice, Tone},
};

#[component]
pub(super) fn MoveNotice(change: ReachChange) -> impl IntoView {
    let line = |effect: &'static str| move |name: String| view! { <li><bdi>{name}</bdi> " " {effect}</li> };
    let gain = change.gain.into_iter().map(line("gains access to the account.")).collect_view();
    let lose = change.lose.into_iter().map(line("loses access to the account.")).collect_view();
    view! {
        <FocusedNotice tone=Tone::Warn title="The move changes which API clients reach this account">
            <p>"No link was made yet. Once the owner of the mailbox has signed in with it:"</p>
            <ul>{gain} {lose}</ul>
            <p>"To agree, make the link below. Otherwise choose another connector."</p>
        </FocusedNotice>
    }
}
