//! The texts in Spanish.

use super::Texts;

pub(super) const TEXTS: Texts = Texts {
    months: [
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "octubre",
        "noviembre",
        "diciembre",
    ],
    language: "Idioma",
    contact: "Contacto: {contact}",
    privacy: "Aviso de privacidad",
    close: "Puede cerrar esta página.",

    date: "{day} de {month} de {year}, {time}\u{a0}UTC",
    first_day: "1",
    in_a_minute: "dentro de un minuto",
    in_minutes: "dentro de {count} minutos",
    in_an_hour: "dentro de una hora",
    in_hours: "dentro de {count} horas",
    in_a_day: "dentro de un día",
    in_days: "dentro de {count} días",

    connect_title: "Conectar su buzón",
    connect_heading: "{name} desea conectar su buzón",
    renew_title: "Iniciar sesión de nuevo",
    renew_heading: "{name} le pide que inicie sesión de nuevo",
    renew_why: "Su buzón ya estuvo conectado. El programa «{application}» necesita su permiso otra vez.",
    permissions: "Si usted acepta, el programa «{application}» de {name} podrá:",
    mailbox: "Para el buzón {email}",
    next_title: "Qué ocurre a continuación",
    next_sign_in: "Usted inicia sesión en una página de {provider}. {name} nunca ve su contraseña.",
    next_agree: "{provider} muestra lo que el programa podrá hacer y le pregunta si acepta.",
    next_return: "Después vuelve aquí y ve si la conexión ha funcionado.",
    go_on: "Continuar con {provider}",
    until: "Este enlace es válido hasta el {time}.",
    unexpected: "¿No lo esperaba? Cierre esta página. Sin su permiso no se conecta nada.",
    end_it: "Puede poner fin al acceso en cualquier momento: pídaselo a {name} o elimínelo en {provider}.",
    too_many_title: "Espere unos minutos",
    too_many: "Este enlace se ha usado varias veces sin terminar el inicio de sesión. Inténtelo de nuevo dentro de \
               diez minutos.",

    administrator_title: "¿{provider} pide un administrador?",
    administrator_what: "Muchas empresas solo permiten un programa si un administrador ha dado su aprobación. Envíele \
                         este mensaje y después abra de nuevo el enlace que recibió.",
    administrator_subject: "Por favor, permita «{application}»",
    message_label: "Mensaje para su administrador",
    message_hello: "Hola:",
    message_asks: "{name} me pide que conecte mi buzón al programa «{application}». {provider} exige antes la \
                   aprobación de un administrador.",
    message_permissions: "Antes de conectar su buzón, cada usuario lee que el programa podrá:",
    message_link: "Por favor, permítalo en esta página:",
    message_application: "El identificador de la aplicación es: {id}",
    message_thanks: "Muchas gracias",
    message_send: "Enviar por correo",

    leaving_title: "Le llevamos a {provider}",
    leaving_what: "Su navegador abre {host} automáticamente. Si no lo hace, use el botón.",

    unknown_title: "Este enlace no funciona",
    unknown_what: "Es posible que falte una parte de la dirección. Copie de nuevo el enlace completo o pida uno nuevo \
                   al remitente.",
    used_title: "Este enlace ya se ha usado",
    used_what: "Cada enlace funciona una sola vez. Si su buzón no está conectado, pida un enlace nuevo a {name}.",
    expired_title: "Este enlace ha caducado",
    expired_what: "Por su seguridad, un enlace solo es válido durante un tiempo limitado. Pida un enlace nuevo a \
                   {name}.",
    revoked_title: "Este enlace se ha retirado",
    revoked_what: "{name} lo ha retirado. Pida un enlace nuevo a {name} si desea conectar su buzón.",
    unavailable_title: "Este enlace no se puede usar en este momento",
    unavailable_what: "El programa al que pertenece no está preparado. Pida un enlace nuevo a {name}.",
    exhausted_title: "Este enlace se ha intentado usar demasiadas veces",
    exhausted_what: "Por su seguridad, ya no funciona. Pida un enlace nuevo a {name}.",

    checking_title: "Comprobando…",
    checking_what: "{provider} le ha enviado de vuelta. Comprobamos su respuesta, lo que tarda unos segundos.",
    checking_reload: "Esta página se recarga automáticamente.",
    reload: "Recargar ahora",
    interrupted_title: "El inicio de sesión se ha interrumpido",
    interrupted_what: "No se ha podido terminar. No se ha conectado nada.",
    connected_title: "Su buzón está conectado",
    connected_what: "El programa «{application}» de {name} ya puede usar {email}.",
    unconfirmed_title: "Falta un paso",
    unconfirmed_what: "Vuelva al programa que le ha enviado aquí. Debe aceptar {email} en diez minutos; de lo contrario, \
                       no se conectará nada.",
    not_confirmed_title: "El último paso no se ha terminado",
    not_confirmed_what: "El programa que le ha enviado aquí no ha aceptado el buzón. No se ha conectado nada. Empiece de \
                         nuevo en ese programa.",
    missing: "Estos permisos no se han concedido, por lo que algunas partes del programa podrían no funcionar:",
    back: "Volver a {host}",
    going_back: "Su navegador vuelve a {host} automáticamente.",
    wrong_title: "Este es otro buzón",
    wrong_what: "Ha iniciado sesión como {account}, pero este enlace es para {expected}. No se ha conectado nada.",
    choose_another: "Elegir otra cuenta",
    elsewhere_title: "Este buzón ya está conectado",
    elsewhere_what: "{email} ya está conectado a {name} mediante otro programa. No se ha cambiado nada. Diríjase a \
                     {name} si debe pasar a este programa.",
    permissions_title: "No se ha permitido todo",
    permissions_what: "No se ha conectado nada. {name} necesita estos permisos, que no se han concedido:",
    ask_again: "Preguntar de nuevo",
    approval_title: "Su empresa debe permitirlo antes",
    approval_what: "{provider} exige la aprobación de un administrador de su empresa. No se ha conectado nada.",
    cancelled_title: "Ha cancelado el inicio de sesión",
    nothing_connected: "No se ha conectado nada.",
    try_again: "Intentar de nuevo",
    no_mailbox_title: "Esta cuenta no tiene buzón",
    no_mailbox_what: "Según {provider}, {email} no tiene ningún buzón que un programa pueda usar. Elija la cuenta que \
                      recibe su correo.",
    incomplete_title: "La respuesta de {provider} estaba incompleta",
    incomplete_what: "No se ha conectado nada. Inténtelo de nuevo. Si vuelve a fallar, avise a {name}.",
    changed_title: "Este enlace ya no está actualizado",
    changed_what: "El programa se ha modificado mientras usted iniciaba sesión. No se ha conectado nada. Pida un \
                   enlace nuevo a {name}.",
    late_title: "El inicio de sesión ha tardado demasiado",
    late_what: "Debe terminarse en diez minutos. No se ha conectado nada.",
    unreachable_title: "{provider} no responde en este momento",
    unreachable_what: "No se ha conectado nada. Inténtelo de nuevo dentro de unos minutos.",
    failed_title: "No se ha podido conectar su buzón",
    failed_what: "{provider} ha rechazado el inicio de sesión. La causa puede ser un ajuste que solo {name} puede \
                  cambiar. Por favor, avise a {name}.",
    reference: "Referencia: {reference}",

    consent_title: "Permitir un programa para su empresa",
    consent_heading: "{name} le pide que permita un programa para su empresa",
    consent_company: "Para la empresa {company}",
    consent_permissions: "Antes de conectar su buzón, cada usuario lee que el programa «{application}» de \
                          {name} podrá:",
    consent_nothing: "A usted no se le conecta ningún buzón. Los usuarios de su empresa conectan sus propios \
                      buzones, cada uno con su permiso.",
    consent_sign_in: "Usted inicia sesión como administrador en una página de {provider}. {name} nunca ve su \
                      contraseña.",
    consent_agree: "{provider} muestra los permisos y le pregunta si los concede para todos los usuarios de \
                    su empresa.",
    consent_return: "Después vuelve aquí. Si no es así, cierre la página de {provider}: su aprobación es \
                     válida.",
    consent_unexpected: "¿No esperaba esta petición? Cierre esta página. Sin su aprobación no cambia nada.",
    consent_withdraw: "Puede retirar su aprobación en {provider} en cualquier momento.",
    consent_reported: "Se comunicó una aprobación el {time}. Si todavía se rechaza a usuarios, apruébelo de \
                       nuevo.",
    consent_wait: "Desde su red se han iniciado demasiadas aprobaciones. Inténtelo de nuevo dentro de diez \
                   minutos.",
    consent_thanks_title: "Ha concedido los permisos",
    consent_thanks: "Gracias. {provider} comunica que usted ha permitido el programa «{application}» de \
                     {name} para su empresa.",
    consent_approved_title: "Su empresa ya permite este programa",
    consent_approved: "Desde entonces, un usuario de su empresa ha conectado su buzón. No tiene que hacer \
                       nada más.",
    consent_revoked: "{name} lo ha retirado. Si tiene preguntas, diríjase a {name}.",
    consent_refused_title: "Los permisos no se han concedido",
    consent_denied: "Ha cancelado, o la cuenta utilizada no puede permitir programas para la empresa \
                     {company}. No se ha cambiado nada.",
    consent_unavailable: "{provider} tiene un problema en este momento. No se ha cambiado nada. Inténtelo de \
                          nuevo dentro de unos minutos.",
    consent_failed: "{provider} ha rechazado la aprobación. No se ha cambiado nada. Si vuelve a ocurrir, \
                     avise a {name}.",
    consent_code: "Código de {provider}: {code}",

    foreign_title: "Este inicio de sesión no se puede terminar aquí",
    foreign_what: "Se inició en otro navegador o hace más de diez minutos. No se ha conectado nada.",
    foreign_app: "Si abrió un enlace dentro de otra aplicación, ábralo de nuevo en su navegador habitual.",
};
