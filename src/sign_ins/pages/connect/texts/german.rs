//! The texts in German.

use super::Texts;

pub(super) const TEXTS: Texts = Texts {
    months: [
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ],
    language: "Sprache",
    contact: "Kontakt: {contact}",
    privacy: "Datenschutzhinweise",
    close: "Sie können diese Seite schließen.",

    date: "{day}. {month} {year}, {time}\u{a0}Uhr (UTC)",
    first_day: "1",
    in_a_minute: "in einer Minute",
    in_minutes: "in {count} Minuten",
    in_an_hour: "in einer Stunde",
    in_hours: "in {count} Stunden",
    in_a_day: "in einem Tag",
    in_days: "in {count} Tagen",

    connect_title: "Postfach verbinden",
    connect_heading: "{name} möchte Ihr Postfach verbinden",
    renew_title: "Erneut anmelden",
    renew_heading: "{name} bittet Sie, sich erneut anzumelden",
    renew_why: "Ihr Postfach war schon verbunden. Die Software „{application}“ benötigt Ihre Zustimmung noch einmal.",
    permissions: "Wenn Sie zustimmen, kann die Software „{application}“ von {name}:",
    mailbox: "Für das Postfach {email}",
    next_title: "Wie es weitergeht",
    next_sign_in: "Sie melden sich auf einer Seite von {provider} an. {name} sieht Ihr Passwort nie.",
    next_agree: "{provider} zeigt, was die Software darf, und fragt, ob Sie zustimmen.",
    next_return: "Danach kommen Sie hierher zurück und sehen, ob es geklappt hat.",
    go_on: "Weiter mit {provider}",
    until: "Dieser Link gilt bis {time}.",
    unexpected: "Sie haben das nicht erwartet? Dann schließen Sie diese Seite. Ohne Ihre Zustimmung wird nichts \
                 verbunden.",
    end_it: "Sie können den Zugriff jederzeit beenden: Wenden Sie sich an {name}, oder entfernen Sie ihn bei \
             {provider}.",
    too_many_title: "Bitte warten Sie einige Minuten",
    too_many: "Dieser Link wurde mehrmals verwendet, ohne dass eine Anmeldung beendet wurde. Versuchen Sie es in \
               zehn Minuten noch einmal.",

    administrator_title: "Verlangt {provider} einen Administrator?",
    administrator_what: "Viele Unternehmen erlauben eine Software erst, wenn ein Administrator zugestimmt hat. \
                         Senden Sie ihm diese Nachricht, und öffnen Sie danach den Link, den Sie erhalten \
                         haben, noch einmal.",
    administrator_subject: "Bitte „{application}“ erlauben",
    message_label: "Nachricht für den Administrator",
    message_hello: "Guten Tag,",
    message_asks: "{name} bittet mich, mein Postfach mit der Software „{application}“ zu verbinden. {provider} \
                   verlangt, dass zuerst ein Administrator zustimmt.",
    message_permissions: "Wer sein Postfach verbindet, liest vorher, dass die Software Folgendes kann:",
    message_link: "Bitte erlauben Sie sie auf dieser Seite:",
    message_application: "Die Kennung der Anwendung lautet: {id}",
    message_thanks: "Vielen Dank",
    message_send: "Per E-Mail senden",

    leaving_title: "Sie werden zu {provider} weitergeleitet",
    leaving_what: "Ihr Browser öffnet {host} von selbst. Falls nicht, verwenden Sie die Schaltfläche.",

    unknown_title: "Dieser Link funktioniert nicht",
    unknown_what: "Vielleicht fehlt ein Teil der Adresse. Kopieren Sie den ganzen Link noch einmal, oder bitten Sie \
                   den Absender um einen neuen.",
    used_title: "Dieser Link wurde schon verwendet",
    used_what: "Jeder Link gilt einmal. Falls Ihr Postfach nicht verbunden ist, bitten Sie {name} um einen neuen Link.",
    expired_title: "Dieser Link ist abgelaufen",
    expired_what: "Zu Ihrer Sicherheit gilt ein Link nur für begrenzte Zeit. Bitten Sie {name} um einen neuen Link.",
    revoked_title: "Dieser Link wurde zurückgezogen",
    revoked_what: "{name} hat ihn zurückgezogen. Bitten Sie {name} um einen neuen Link, wenn Sie Ihr Postfach \
                   verbinden möchten.",
    unavailable_title: "Dieser Link kann zurzeit nicht verwendet werden",
    unavailable_what: "Die Software, zu der er gehört, ist nicht bereit. Bitten Sie {name} um einen neuen Link.",
    exhausted_title: "Mit diesem Link gab es zu viele Versuche",
    exhausted_what: "Zu Ihrer Sicherheit gilt er nicht mehr. Bitten Sie {name} um einen neuen Link.",

    checking_title: "Wird geprüft …",
    checking_what: "{provider} hat Sie hierher zurückgeschickt. Wir prüfen die Antwort; das dauert einige Sekunden.",
    checking_reload: "Diese Seite lädt sich von selbst neu.",
    reload: "Jetzt neu laden",
    interrupted_title: "Die Anmeldung wurde unterbrochen",
    interrupted_what: "Sie konnte nicht beendet werden. Es wurde nichts verbunden.",
    connected_title: "Ihr Postfach ist verbunden",
    connected_what: "Die Software „{application}“ von {name} kann {email} jetzt verwenden.",
    unconfirmed_title: "Ein Schritt fehlt noch",
    unconfirmed_what: "Kehren Sie zu der Software zurück, von der Sie kommen. Sie muss {email} innerhalb von zehn \
                       Minuten annehmen, sonst wird nichts verbunden.",
    not_confirmed_title: "Der letzte Schritt fehlt",
    not_confirmed_what: "Die Software, von der Sie kommen, hat das Postfach nicht angenommen. Es wurde nichts \
                         verbunden. Beginnen Sie dort noch einmal.",
    missing: "Diese Berechtigungen wurden nicht erteilt. Teile der Software funktionieren deshalb vielleicht nicht:",
    back: "Zurück zu {host}",
    going_back: "Ihr Browser kehrt von selbst zu {host} zurück.",
    wrong_title: "Das ist ein anderes Postfach",
    wrong_what: "Sie haben sich als {account} angemeldet, aber dieser Link ist für {expected}. Es wurde nichts \
                 verbunden.",
    choose_another: "Anderes Konto wählen",
    elsewhere_title: "Dieses Postfach ist schon verbunden",
    elsewhere_what: "{email} ist über eine andere Software schon mit {name} verbunden. Es wurde nichts geändert. \
                     Wenden Sie sich an {name}, wenn es zu dieser Software wechseln soll.",
    permissions_title: "Es wurde nicht alles erlaubt",
    permissions_what: "Es wurde nichts verbunden. {name} benötigt diese Berechtigungen, die nicht erteilt wurden:",
    ask_again: "Noch einmal fragen",
    approval_title: "Ihr Unternehmen muss das zuerst erlauben",
    approval_what: "{provider} verlangt die Zustimmung eines Administrators Ihres Unternehmens. Es wurde nichts \
                    verbunden.",
    cancelled_title: "Sie haben die Anmeldung abgebrochen",
    nothing_connected: "Es wurde nichts verbunden.",
    try_again: "Noch einmal versuchen",
    no_mailbox_title: "Dieses Konto hat kein Postfach",
    no_mailbox_what: "Laut {provider} hat {email} kein Postfach, das eine Software verwenden kann. Wählen Sie das \
                      Konto, das Ihre Post empfängt.",
    incomplete_title: "Die Antwort von {provider} war unvollständig",
    incomplete_what: "Es wurde nichts verbunden. Versuchen Sie es noch einmal. Wenn es wieder nicht klappt, sagen Sie \
                      {name} Bescheid.",
    changed_title: "Dieser Link ist veraltet",
    changed_what: "Die Software wurde geändert, während Sie sich angemeldet haben. Es wurde nichts verbunden. Bitten \
                   Sie {name} um einen neuen Link.",
    late_title: "Die Anmeldung hat zu lange gedauert",
    late_what: "Sie muss innerhalb von zehn Minuten beendet sein. Es wurde nichts verbunden.",
    unreachable_title: "{provider} antwortet zurzeit nicht",
    unreachable_what: "Es wurde nichts verbunden. Versuchen Sie es in einigen Minuten noch einmal.",
    failed_title: "Ihr Postfach konnte nicht verbunden werden",
    failed_what: "{provider} hat die Anmeldung abgelehnt. Vielleicht liegt es an einer Einstellung, die nur {name} \
                  ändern kann. Bitte sagen Sie {name} Bescheid.",
    reference: "Vorgangsnummer: {reference}",

    consent_title: "Software für Ihr Unternehmen erlauben",
    consent_heading: "{name} bittet Sie, eine Software für Ihr Unternehmen zu erlauben",
    consent_company: "Für das Unternehmen {company}",
    consent_permissions: "Wer sein Postfach verbindet, liest vorher, dass die Software „{application}“ von \
                          {name} Folgendes kann:",
    consent_nothing: "Mit Ihnen wird kein Postfach verbunden. Die Benutzer Ihres Unternehmens verbinden ihre \
                      Postfächer selbst, jeweils mit eigener Zustimmung.",
    consent_sign_in: "Sie melden sich als Administrator auf einer Seite von {provider} an. {name} sieht Ihr \
                      Passwort nie.",
    consent_agree: "{provider} zeigt die Berechtigungen und fragt, ob Sie sie für alle Benutzer Ihres \
                    Unternehmens erlauben.",
    consent_return: "Danach kommen Sie hierher zurück. Falls nicht, schließen Sie die Seite von {provider}: \
                     Ihre Zustimmung gilt trotzdem.",
    consent_unexpected: "Sie haben das nicht erwartet? Dann schließen Sie diese Seite. Ohne Ihre Zustimmung \
                         ändert sich nichts.",
    consent_withdraw: "Sie können Ihre Zustimmung jederzeit bei {provider} zurücknehmen.",
    consent_reported: "Eine Zustimmung wurde am {time} gemeldet. Falls Benutzer noch abgewiesen werden, \
                       stimmen Sie noch einmal zu.",
    consent_wait: "Von Ihrem Netz aus wurden zu viele Zustimmungen begonnen. Versuchen Sie es in zehn \
                   Minuten noch einmal.",
    consent_thanks_title: "Sie haben die Berechtigungen erlaubt",
    consent_thanks: "Vielen Dank. {provider} meldet, dass Sie die Software „{application}“ von {name} für \
                     Ihr Unternehmen erlaubt haben.",
    consent_approved_title: "Ihr Unternehmen erlaubt diese Software schon",
    consent_approved: "Ein Benutzer Ihres Unternehmens hat inzwischen ein Postfach verbunden. Sie müssen \
                       nichts mehr tun.",
    consent_revoked: "{name} hat ihn zurückgezogen. Bei Fragen wenden Sie sich an {name}.",
    consent_refused_title: "Die Berechtigungen wurden nicht erlaubt",
    consent_denied: "Sie haben abgebrochen, oder das verwendete Konto darf für das Unternehmen {company} \
                     keine Software erlauben. Es wurde nichts geändert.",
    consent_unavailable: "{provider} hat zurzeit eine Störung. Es wurde nichts geändert. Versuchen Sie es in \
                          einigen Minuten noch einmal.",
    consent_failed: "{provider} hat die Zustimmung abgelehnt. Es wurde nichts geändert. Wenn es wieder \
                     geschieht, sagen Sie {name} Bescheid.",
    consent_code: "Kennung von {provider}: {code}",

    foreign_title: "Diese Anmeldung kann hier nicht beendet werden",
    foreign_what: "Sie wurde in einem anderen Browser oder vor mehr als zehn Minuten begonnen. Es wurde nichts \
                   verbunden.",
    foreign_app: "Falls Sie einen Link in einer anderen App geöffnet haben, öffnen Sie ihn noch einmal in Ihrem \
                  gewohnten Browser.",
};
