//! The field for the day on which the secret expires.

use leptos::prelude::*;
use time::Date;

use crate::{
    connectors::draft::Draft,
    providers::{EXPIRES_IN, Field, OTHER_DAY, SharedProvider},
    ui::widgets::{FieldKind, HelpMark, TextField},
};

/// The choice of the day on which the secret expires: the periods that the provider offers, or another day. A provider
/// whose secrets do not expire offers no period; then only the day can be entered. The day is typed in one form
/// everywhere, because a browser's own field for a day shows it in another form than the page.
#[component]
pub fn Expires(
    provider: SharedProvider,
    label: &'static str,
    draft: Draft,
    today: Date,
    /// Whether this field gets the focus.
    focus: bool,
) -> impl IntoView {
    let name = Field::SecretExpires.name();
    let help = provider.help(&Field::SecretExpires);
    let value = draft.value(name).to_owned();
    let error = draft.error(&Field::SecretExpires);
    let periods = provider.secret_periods();
    if periods.is_empty() {
        return view! {
            <div class="expires">
                <TextField
                    name=name
                    label=label
                    help=help.line
                    mark=Some(help.mark)
                    kind=FieldKind::Digits
                    value=value
                    error=error
                    focus=focus
                    required=false
                />
            </div>
        }
        .into_any();
    }
    let chosen = draft.value(EXPIRES_IN).to_owned();
    let other = periods.iter().all(|months| months.to_string() != chosen);
    let chip = |value: String, words: String, checked: bool| {
        view! {
            <label class="chip">
                <input type="radio" name=EXPIRES_IN value=value checked=checked />
                <span>{words}</span>
            </label>
        }
    };
    let chips = periods
        .iter()
        .map(|&months| {
            let day = provider.secret_expiry(today, months).for_people();
            let value = months.to_string();
            let checked = value == chosen;
            chip(value, format!("{months} months ({day})"), checked)
        })
        .collect_view();
    // The field for the day has the other ids.
    let (label_id, help_id) = (format!("{EXPIRES_IN}-label"), format!("{EXPIRES_IN}-help"));
    view! {
        <fieldset class="field expires" aria-labelledby=label_id aria-describedby=help_id>
            <legend><span id=label_id.clone()>{label}</span> " " <span class="help" id=help_id.clone()>{help.line}</span></legend>
            <HelpMark label=label words=help.mark />
            <div class="chips">{chips} {chip(OTHER_DAY.to_owned(), "Another day".to_owned(), other)}</div>
            <div class="more">
                <TextField
                    name=name
                    label="Day"
                    help="Year, month and day, such as 2028-11-23. Leave it empty if you do not know it."
                    kind=FieldKind::Digits
                    value=value
                    error=error
                    focus=focus
                    required=false
                />
            </div>
        </fieldset>
    }
    .into_any()
}
