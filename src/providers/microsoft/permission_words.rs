//! What each permission allows, in the languages of the pages for the people who grant them.

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

const STAY_CONNECTED: Words = Words {
    english: "Keep this access while you are away, until it is ended",
    german: "Diesen Zugriff auch in Ihrer Abwesenheit behalten, bis er beendet wird",
    french: "Garder cet accès en votre absence, jusqu’à ce qu’il soit retiré",
    spanish: "Mantener este acceso cuando usted no esté presente, hasta que se retire",
};

const READ_MAIL: Words = Words {
    english: "Read your mail",
    german: "Ihre E-Mails lesen",
    french: "Lire vos e-mails",
    spanish: "Leer su correo electrónico",
};

const CHANGE_MAIL: Words = Words {
    english: "Read, change, move and delete your mail",
    german: "Ihre E-Mails lesen, ändern, verschieben und löschen",
    french: "Lire, modifier, déplacer et supprimer vos e-mails",
    spanish: "Leer, modificar, mover y eliminar su correo electrónico",
};

const SEND_MAIL: Words = Words {
    english: "Send mail in your name",
    german: "E-Mails in Ihrem Namen senden",
    french: "Envoyer des e-mails en votre nom",
    spanish: "Enviar correo electrónico en su nombre",
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

const READ_SETTINGS: Words = Words {
    english: "Read the settings of your mailbox, such as its labels",
    german: "Die Einstellungen Ihres Postfachs lesen, etwa seine Kategorien",
    french: "Lire les paramètres de votre boîte aux lettres, comme ses catégories",
    spanish: "Leer la configuración de su buzón, como sus categorías",
};

const CHANGE_SETTINGS: Words = Words {
    english: "Read and change the settings of your mailbox, such as its labels",
    german: "Die Einstellungen Ihres Postfachs lesen und ändern, etwa seine Kategorien",
    french: "Lire et modifier les paramètres de votre boîte aux lettres, comme ses catégories",
    spanish: "Leer y modificar la configuración de su buzón, como sus categorías",
};

/// What a permission allows; `None` if connectors cannot ask for it.
pub fn of(scope: &str, language: Language) -> Option<&'static str> {
    let words = match scope {
        "User.Read" | "profile" | "openid" => SEE_USER,
        "offline_access" => STAY_CONNECTED,
        "Mail.Read" => READ_MAIL,
        "Mail.ReadWrite" => CHANGE_MAIL,
        "Mail.Send" => SEND_MAIL,
        "Contacts.Read" => READ_CONTACTS,
        "Contacts.ReadWrite" => CHANGE_CONTACTS,
        "MailboxSettings.Read" => READ_SETTINGS,
        "MailboxSettings.ReadWrite" => CHANGE_SETTINGS,
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
    use crate::providers::microsoft::permissions::PERMISSIONS;

    #[test]
    fn every_permission_has_words_in_every_language_and_no_language_repeats_another() {
        for permission in &PERMISSIONS {
            let words = Language::ALL.map(|language| of(permission.name, language).expect(permission.name));
            let different: HashSet<_> = words.into_iter().collect();
            assert_eq!(different.len(), Language::ALL.len(), "{}", permission.name);
        }
        assert_eq!(of("Mail.ReadBasic", Language::English), None);
        assert_eq!(of("", Language::German), None);
    }
}
