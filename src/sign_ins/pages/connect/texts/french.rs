//! The texts in French. A colon and a question mark have a blank before them that does not break (`\u{a0}`), as have
//! quotation marks inside.

use super::Texts;

pub(super) const TEXTS: Texts = Texts {
    months: [
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ],
    language: "Langue",
    contact: "Contact\u{a0}: {contact}",
    privacy: "Politique de confidentialité",
    close: "Vous pouvez fermer cette page.",

    date: "{day} {month} {year} à {time}\u{a0}UTC",
    first_day: "1er",
    in_a_minute: "dans une minute",
    in_minutes: "dans {count} minutes",
    in_an_hour: "dans une heure",
    in_hours: "dans {count} heures",
    in_a_day: "dans un jour",
    in_days: "dans {count} jours",

    connect_title: "Connecter votre messagerie",
    connect_heading: "{name} souhaite connecter votre messagerie",
    renew_title: "S’identifier à nouveau",
    renew_heading: "{name} vous demande de vous identifier à nouveau",
    renew_why: "Votre messagerie a déjà été connectée. Le logiciel «\u{a0}{application}\u{a0}» a de nouveau besoin de \
                votre accord.",
    permissions: "Avec votre accord, le logiciel «\u{a0}{application}\u{a0}» de {name} pourra\u{a0}:",
    mailbox: "Pour l’adresse {email}",
    next_title: "Que se passe-t-il ensuite\u{a0}?",
    next_sign_in: "Vous vous identifiez sur une page de {provider}. {name} ne voit jamais votre mot de passe.",
    next_agree: "{provider} affiche ce que le logiciel pourra faire et vous demande votre accord.",
    next_return: "Vous revenez ici et vous voyez si la connexion a réussi.",
    go_on: "Continuer avec {provider}",
    until: "Ce lien est valable jusqu’au {time}.",
    unexpected: "Vous ne vous y attendiez pas\u{a0}? Fermez cette page. Rien n’est connecté sans votre accord.",
    end_it: "Vous pouvez mettre fin à l’accès à tout moment\u{a0}: adressez-vous à {name}, ou supprimez-le chez \
             {provider}.",
    too_many_title: "Veuillez patienter quelques minutes",
    too_many: "Ce lien a été utilisé plusieurs fois sans que l’identification soit terminée. Réessayez dans dix \
               minutes.",

    administrator_title: "{provider} demande-t-il un administrateur\u{a0}?",
    administrator_what: "Beaucoup d’entreprises n’autorisent un logiciel qu’après l’accord d’un administrateur. \
                         Envoyez-lui ce message, puis ouvrez à nouveau le lien que vous avez reçu.",
    administrator_subject: "Merci d’autoriser «\u{a0}{application}\u{a0}»",
    message_label: "Message pour votre administrateur",
    message_hello: "Bonjour,",
    message_asks: "{name} me demande de connecter ma messagerie au logiciel «\u{a0}{application}\u{a0}». {provider} \
                   exige d’abord l’accord d’un administrateur.",
    message_permissions: "Avant de connecter sa messagerie, chaque utilisateur lit que le logiciel pourra\u{a0}:",
    message_link: "Merci de l’autoriser sur cette page\u{a0}:",
    message_application: "L’identifiant de l’application est\u{a0}: {id}",
    message_thanks: "Merci beaucoup",
    message_send: "Envoyer par e-mail",

    leaving_title: "Vous êtes redirigé vers {provider}",
    leaving_what: "Votre navigateur ouvre {host} de lui-même. Sinon, utilisez le bouton.",

    unknown_title: "Ce lien ne fonctionne pas",
    unknown_what: "Il manque peut-être une partie de l’adresse. Copiez à nouveau le lien entier, ou demandez un \
                   nouveau lien à l’expéditeur.",
    used_title: "Ce lien a déjà été utilisé",
    used_what: "Un lien ne fonctionne qu’une fois. Si votre messagerie n’est pas connectée, demandez un nouveau lien à \
                {name}.",
    expired_title: "Ce lien a expiré",
    expired_what: "Pour votre sécurité, un lien n’est valable que pendant un temps limité. Demandez un nouveau lien à \
                   {name}.",
    revoked_title: "Ce lien a été retiré",
    revoked_what: "{name} l’a retiré. Demandez un nouveau lien à {name} si vous souhaitez connecter votre messagerie.",
    unavailable_title: "Ce lien n’est pas utilisable pour le moment",
    unavailable_what: "Le logiciel auquel il appartient n’est pas prêt. Demandez un nouveau lien à {name}.",
    exhausted_title: "Ce lien a été essayé trop souvent",
    exhausted_what: "Pour votre sécurité, il ne fonctionne plus. Demandez un nouveau lien à {name}.",

    checking_title: "Vérification…",
    checking_what: "{provider} vous a renvoyé ici. Nous vérifions sa réponse, ce qui prend quelques secondes.",
    checking_reload: "Cette page se recharge d’elle-même.",
    reload: "Recharger maintenant",
    interrupted_title: "L’identification a été interrompue",
    interrupted_what: "Elle n’a pas pu être terminée. Rien n’a été connecté.",
    connected_title: "Votre messagerie est connectée",
    connected_what: "Le logiciel «\u{a0}{application}\u{a0}» de {name} peut maintenant utiliser {email}.",
    unconfirmed_title: "Il reste une étape",
    unconfirmed_what: "Retournez au logiciel qui vous a envoyé ici. Il doit accepter {email} dans les dix minutes, \
                       sinon rien ne sera connecté.",
    not_confirmed_title: "La dernière étape n’a pas été terminée",
    not_confirmed_what: "Le logiciel qui vous a envoyé ici n’a pas accepté la messagerie. Rien n’a été connecté. \
                         Recommencez dans ce logiciel.",
    missing: "Ces autorisations n’ont pas été accordées. Une partie du logiciel pourrait donc ne pas \
              fonctionner\u{a0}:",
    back: "Retour à {host}",
    going_back: "Votre navigateur retourne de lui-même à {host}.",
    wrong_title: "C’est une autre messagerie",
    wrong_what: "Vous vous êtes identifié comme {account}, mais ce lien est destiné à {expected}. Rien n’a été \
                 connecté.",
    choose_another: "Choisir un autre compte",
    elsewhere_title: "Cette messagerie est déjà connectée",
    elsewhere_what: "{email} est déjà connectée à {name} par un autre logiciel. Rien n’a été modifié. Adressez-vous à \
                     {name} si elle doit passer à ce logiciel.",
    permissions_title: "Tout n’a pas été autorisé",
    permissions_what: "Rien n’a été connecté. {name} a besoin de ces autorisations, qui n’ont pas été \
                       accordées\u{a0}:",
    ask_again: "Demander à nouveau",
    approval_title: "Votre entreprise doit d’abord l’autoriser",
    approval_what: "{provider} exige l’accord d’un administrateur de votre entreprise. Rien n’a été connecté.",
    cancelled_title: "Vous avez interrompu l’identification",
    nothing_connected: "Rien n’a été connecté.",
    try_again: "Réessayer",
    no_mailbox_title: "Ce compte n’a pas de messagerie",
    no_mailbox_what: "D’après {provider}, {email} n’a pas de messagerie qu’un logiciel puisse utiliser. Choisissez le \
                      compte qui reçoit votre courrier.",
    incomplete_title: "La réponse de {provider} était incomplète",
    incomplete_what: "Rien n’a été connecté. Réessayez. Si cela échoue encore, informez {name}.",
    changed_title: "Ce lien n’est plus à jour",
    changed_what: "Le logiciel a été modifié pendant votre identification. Rien n’a été connecté. Demandez un nouveau \
                   lien à {name}.",
    late_title: "L’identification a duré trop longtemps",
    late_what: "Elle doit être terminée en dix minutes. Rien n’a été connecté.",
    unreachable_title: "{provider} ne répond pas pour le moment",
    unreachable_what: "Rien n’a été connecté. Réessayez dans quelques minutes.",
    failed_title: "Votre messagerie n’a pas pu être connectée",
    failed_what: "{provider} a refusé l’identification. La cause est peut-être un réglage que seul {name} peut \
                  modifier. Veuillez en informer {name}.",
    reference: "Référence\u{a0}: {reference}",

    consent_title: "Autoriser un logiciel pour votre entreprise",
    consent_heading: "{name} vous demande d’autoriser un logiciel pour votre entreprise",
    consent_company: "Pour l’entreprise {company}",
    consent_permissions: "Avant de connecter sa messagerie, chaque utilisateur lit que le logiciel \
                          «\u{a0}{application}\u{a0}» de {name} pourra\u{a0}:",
    consent_nothing: "Aucune messagerie n’est connectée à votre nom. Les utilisateurs de votre entreprise \
                      connectent eux-mêmes leur messagerie, chacun avec son propre accord.",
    consent_sign_in: "Vous vous identifiez comme administrateur sur une page de {provider}. {name} ne voit \
                      jamais votre mot de passe.",
    consent_agree: "{provider} affiche les autorisations et vous demande si vous les accordez pour tous les \
                    utilisateurs de votre entreprise.",
    consent_return: "Vous revenez ici. Sinon, fermez la page de {provider}\u{a0}: votre accord est valable.",
    consent_unexpected: "Vous n’attendiez pas cette demande\u{a0}? Fermez cette page. Rien ne change sans \
                         votre accord.",
    consent_withdraw: "Vous pouvez retirer votre accord chez {provider} à tout moment.",
    consent_reported: "Un accord a été signalé le {time}. Si des utilisateurs sont encore refusés, donnez à \
                       nouveau votre accord.",
    consent_wait: "Trop de demandes ont été commencées depuis votre réseau. Réessayez dans dix minutes.",
    consent_thanks_title: "Vous avez accordé les autorisations",
    consent_thanks: "Merci. {provider} signale que vous avez autorisé le logiciel \
                     «\u{a0}{application}\u{a0}» de {name} pour votre entreprise.",
    consent_approved_title: "Votre entreprise autorise déjà ce logiciel",
    consent_approved: "Depuis, un utilisateur de votre entreprise a connecté sa messagerie. Vous n’avez plus \
                       rien à faire.",
    consent_revoked: "{name} l’a retiré. Pour toute question, adressez-vous à {name}.",
    consent_refused_title: "Les autorisations n’ont pas été accordées",
    consent_denied: "Vous avez annulé, ou le compte utilisé ne peut pas autoriser de logiciel pour \
                     l’entreprise {company}. Rien n’a été modifié.",
    consent_unavailable: "{provider} rencontre un problème en ce moment. Rien n’a été modifié. Réessayez \
                          dans quelques minutes.",
    consent_failed: "{provider} a refusé l’accord. Rien n’a été modifié. Si cela se reproduit, informez \
                     {name}.",
    consent_code: "Code de {provider}\u{a0}: {code}",

    foreign_title: "Cette identification ne peut pas être terminée ici",
    foreign_what: "Elle a commencé dans un autre navigateur ou il y a plus de dix minutes. Rien n’a été connecté.",
    foreign_app: "Si vous avez ouvert un lien dans une autre application, ouvrez-le à nouveau dans votre navigateur \
                  habituel.",
};
