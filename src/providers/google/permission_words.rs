//! What each permission allows, in the languages of the pages for the people who grant them.

use super::permissions::{
    CONTACTS, CONTACTS_READ, EMAIL, GMAIL_FULL, GMAIL_LABELS, GMAIL_MODIFY, GMAIL_READ, GMAIL_SEND, OPENID,
    PROFILE,
};
use crate::platform::language::Language;

/// One meaning in every language, so that none can be left out.
struct Words {
    english: &'static str,
    german: &'static str,
    french: &'static str,
    spanish: &'static str,
}

const SEE_USER: Words = Words {
    english: "See your name and your email address",
    german: "Ihren Namen und Ihre E-Mail-Adresse sehen",
    french: "Voir votre nom et votre adresse e-mail",
    spanish: "Ver su nombre y su dirección de correo electrónico",
};

const READ_MAIL: Words = Words {
    english: "Read your mail",
    german: "Ihre E-Mails lesen",
    french: "Lire vos e-mails",
    spanish: "Leer su correo electrónico",
};

const CHANGE_MAIL: Words = Words {
    english: "Read, change and move your mail, put it in the trash, and send mail in your name",
    german: "Ihre E-Mails lesen, ändern, verschieben und in den Papierkorb legen, und E-Mails in Ihrem Namen senden",
    french: "Lire, modifier et déplacer vos e-mails, les mettre à la corbeille et envoyer des e-mails en votre nom",
    spanish: "Leer, modificar y mover su correo electrónico, enviarlo a la papelera y enviar correo electrónico en su \
              nombre",
};

const ALL_MAIL: Words = Words {
    english: "Read and change your mail, delete it for good, and send mail in your name",
    german: "Ihre E-Mails lesen, ändern und endgültig löschen, und E-Mails in Ihrem Namen senden",
    french: "Lire et modifier vos e-mails, les supprimer définitivement et envoyer des e-mails en votre nom",
    spanish: "Leer y modificar su correo electrónico, eliminarlo definitivamente y enviar correo electrónico en su \
              nombre",
};

const SEND_MAIL: Words = Words {
    english: "Send mail in your name",
    german: "E-Mails in Ihrem Namen senden",
    french: "Envoyer des e-mails en votre nom",
    spanish: "Enviar correo electrónico en su nombre",
};

const LABELS: Words = Words {
    english: "See, create, change and delete the labels of your mailbox",
    german: "Die Labels Ihres Postfachs sehen, anlegen, ändern und löschen",
    french: "Voir, créer, modifier et supprimer les libellés de votre boîte aux lettres",
    spanish: "Ver, crear, modificar y eliminar las etiquetas de su buzón",
};

const READ_CONTACTS: Words = Words {
    english: "Read your contacts",
    german: "Ihre Kontakte lesen",
    french: "Lire vos contacts",
    spanish: "Leer sus contactos",
};

const CHANGE_CONTACTS: Words = Words {
    english: "Read, change and delete your contacts",
    german: "Ihre Kontakte lesen, ändern und löschen",
    french: "Lire, modifier et supprimer vos contacts",
    spanish: "Leer, modificar y eliminar sus contactos",
};

/// What a permission allows; `None` if connectors cannot ask for it.
pub fn of(scope: &str, language: Language) -> Option<&'static str> {
    let words = match scope {
        OPENID | EMAIL | PROFILE => SEE_USER,
        GMAIL_READ => READ_MAIL,
        GMAIL_MODIFY => CHANGE_MAIL,
        GMAIL_FULL => ALL_MAIL,
        GMAIL_SEND => SEND_MAIL,
        GMAIL_LABELS => LABELS,
        CONTACTS_READ => READ_CONTACTS,
        CONTACTS => CHANGE_CONTACTS,
        _ => return None,
    };
    Some(match language {
        Language::English => words.english,
        Language::German => words.german,
        Language::French => words.french,
        Language::Spanish => words.spanish,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::providers::google::permissions::PERMISSIONS;

    #[test]
    fn every_permission_has_words_in_every_language_and_no_language_repeats_another() {
        for permission in &PERMISSIONS {
            let words = Language::ALL.map(|language| of(permission.name, language).expect(permission.name));
            let different: HashSet<_> = words.into_iter().collect();
            assert_eq!(different.len(), Language::ALL.len(), "{}", permission.name);
        }
        for unknown in ["", "email", "gmail.readonly", "https://www.googleapis.com/auth/gmail.metadata"] {
            assert_eq!(of(unknown, Language::German), None, "{unknown}");
        }
    }
}
