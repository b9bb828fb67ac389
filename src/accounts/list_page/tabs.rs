//! The states of the list as links, with bounded numbers.

use leptos::prelude::*;

use super::asked::Asked;
use crate::accounts::{model::StateFilter, pages::count_words};

/// A tab: its filter, and the number of its accounts if it is known.
type Tab = (Option<StateFilter>, Option<u64>);

/// The tabs: all accounts, then the states that have accounts, *Paused* if there are paused accounts, and the chosen
/// one.
fn tabs(chosen: Option<StateFilter>, counts: Option<&[(StateFilter, u64)]>) -> Vec<Tab> {
    let Some(counts) = counts else {
        let filters = StateFilter::all().map(|filter| (Some(filter), None));
        return std::iter::once((None, None)).chain(filters).collect();
    };
    // Paused accounts are counted in their states.
    let in_states = counts.iter().filter(|(filter, _)| *filter != StateFilter::Paused);
    let all = in_states.map(|(_, number)| *number).sum();
    let number =
        |filter| counts.iter().find(|(counted, _)| *counted == filter).map_or(0, |(_, number)| *number);
    let filters = StateFilter::all().map(|filter| (filter, number(filter)));
    let shown = filters.filter(|(filter, number)| *number > 0 || chosen == Some(*filter));
    std::iter::once((None, Some(all)))
        .chain(shown.map(|(filter, number)| (Some(filter), Some(number))))
        .collect()
}

#[component]
pub(super) fn StateTabs(asked: Asked, counts: Option<Vec<(StateFilter, u64)>>) -> impl IntoView {
    let items = tabs(asked.state, counts.as_deref())
        .into_iter()
        .map(|(state, number)| {
            let to = Asked { state, ..asked.clone() }.address();
            let current = (asked.state == state).then_some("true");
            let words = state.map_or("All", StateFilter::words);
            let number = number.map(|number| view! { " " <span class="soft">{count_words(number)}</span> });
            view! { <li><a href=to aria-current=current>{words} {number}</a></li> }
        })
        .collect_view();
    view! {
        <nav class="state-tabs" aria-label="States">
            <ul role="list">{items}</ul>
        </nav>
    }
}

#[cfg(test)]
mod tests {
    use strum::VariantArray;

    use super::*;
    use crate::accounts::model::AccountState;

    #[test]
    fn only_states_with_accounts_and_the_chosen_one_are_tabs() {
        let [connected, retrying, needs_sign_in] =
            [AccountState::Connected, AccountState::Retrying, AccountState::NeedsSignIn].map(StateFilter::In);
        let counts = [(connected, 1_001), (needs_sign_in, 2)];
        assert_eq!(
            tabs(Some(retrying), Some(&counts)),
            [
                (None, Some(1_003)),
                (Some(connected), Some(1_001)),
                (Some(retrying), Some(0)),
                (Some(needs_sign_in), Some(2)),
            ]
        );
        assert_eq!(tabs(None, Some(&[])), [(None, Some(0))]);
        let searching = tabs(None, None);
        assert_eq!(searching.len(), AccountState::VARIANTS.len() + 2);
        assert!(searching.iter().all(|(_, number)| number.is_none()));
    }

    #[test]
    fn paused_accounts_have_a_tab_and_count_once_among_all() {
        let connected = StateFilter::In(AccountState::Connected);
        let counts = [(connected, 3), (StateFilter::Paused, 2)];
        let expected = [(None, Some(3)), (Some(connected), Some(3)), (Some(StateFilter::Paused), Some(2))];
        assert_eq!(tabs(None, Some(&counts)), expected);
        assert_eq!(
            tabs(Some(StateFilter::Paused), Some(&[])),
            [(None, Some(0)), (Some(StateFilter::Paused), Some(0))]
        );
    }
}
