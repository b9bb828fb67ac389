//! Warns if the configured URLs of Microsoft do not belong together. Every sign-in fails if one URL names
//! another cloud than the others, or another version of Microsoft's platform.

use url::Url;

use super::MicrosoftUrls;

/// The hosts of each of Microsoft's clouds. The issuer of older tokens has a host of its own.
const CLOUDS: [&[&str]; 3] = [
    &[
        "login.microsoftonline.com",
        "login.microsoft.com",
        "login.windows.net",
        "login.live.com",
        "sts.windows.net",
        "graph.microsoft.com",
    ],
    &[
        "login.microsoftonline.us",
        "login-us.microsoftonline.com",
        "sts.windows.net",
        "graph.microsoft.us",
        "dod-graph.microsoft.us",
    ],
    &[
        "login.chinacloudapi.cn",
        "login.partner.microsoftonline.cn",
        "sts.chinacloudapi.cn",
        "microsoftgraph.chinacloudapi.cn",
    ],
];

/// A warning for each setting whose host does not belong to the host of the authorization endpoint.
pub fn warnings(urls: &MicrosoftUrls) -> Vec<String> {
    let authorize = host(&urls.authorize);
    let belong = |other: &str| {
        other == authorize
            || CLOUDS.iter().any(|cloud| cloud.contains(&other) && cloud.contains(&authorize.as_str()))
    };
    let known = |host: &str| CLOUDS.iter().any(|cloud| cloud.contains(&host));
    let mut warnings = Vec::new();
    for (setting, url, api) in [
        ("MAIL360_MICROSOFT_ISSUER", &urls.issuer, false),
        ("MAIL360_MICROSOFT_TOKEN_URL", &urls.token, false),
        ("MAIL360_MICROSOFT_GRAPH_URL", &urls.graph, true),
    ] {
        let other = host(url);
        // An API has a host of its own. Only for Microsoft's hosts it is known to which cloud they belong.
        let unknown = api && !(known(&other) && known(&authorize));
        if !belong(&other) && !unknown {
            warnings.push(format!(
                "{setting} has the host {other}, and MAIL360_MICROSOFT_AUTHORIZE_URL has {authorize}: they belong to \
                 different clouds or providers, so every sign-in fails. Set {setting} to the same cloud as the others."
            ));
        }
    }
    warnings.extend(version_warnings(urls));
    warnings
}

/// A warning for each URL of Microsoft's that is not of version 2.0.
///
/// Source: Microsoft, "OpenID Connect on the Microsoft identity platform". The issuer of a token is that of
/// the endpoint's version, with the tenant's id in its path.
fn version_warnings(urls: &MicrosoftUrls) -> Vec<String> {
    let of_microsoft = |url: &str| {
        let host = host(url);
        CLOUDS.iter().any(|cloud| cloud.contains(&host.as_str()))
    };
    let wrong = |setting: &str, why: &str, wanted: &str| {
        format!("{setting} {why}, so every sign-in fails. It must end in {wanted}.")
    };
    let mut warnings = Vec::new();
    for (setting, url, wanted) in [
        ("MAIL360_MICROSOFT_AUTHORIZE_URL", &urls.authorize, "/oauth2/v2.0/authorize"),
        ("MAIL360_MICROSOFT_TOKEN_URL", &urls.token, "/oauth2/v2.0/token"),
    ] {
        if of_microsoft(url) && !url.ends_with(wanted) {
            let why = "is not an address of version 2.0 of Microsoft's identity platform";
            warnings.push(wrong(setting, why, wanted));
        }
    }
    if of_microsoft(&urls.issuer) && !urls.issuer.ends_with("/v2.0") {
        let why = "is not an issuer of version 2.0 of Microsoft's identity platform";
        warnings.push(wrong("MAIL360_MICROSOFT_ISSUER", why, "/{tenant}/v2.0"));
    } else if of_microsoft(&urls.issuer)
        && ["common", "organizations", "consumers"]
            .iter()
            .any(|name| urls.issuer.contains(&format!("/{name}/")))
    {
        let why = "has a name in its path, but tokens have the tenant's id there";
        warnings.push(wrong("MAIL360_MICROSOFT_ISSUER", why, "/{tenant}/v2.0"));
    }
    warnings
}

fn host(template: &str) -> String {
    let url = Url::parse(&template.replace("{tenant}", "tenant")).ok();
    url.as_ref().and_then(Url::host_str).map(str::to_owned).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warned(authorize: &str, token: &str, graph: &str, issuer: &str) -> Vec<String> {
        warnings(&MicrosoftUrls {
            authorize: format!("https://{authorize}/{{tenant}}/oauth2/v2.0/authorize"),
            token: format!("https://{token}/{{tenant}}/oauth2/v2.0/token"),
            graph: format!("https://{graph}/v1.0"),
            issuer: format!("https://{issuer}/{{tenant}}/v2.0"),
        })
    }

    #[test]
    fn c17_a_url_of_another_version_of_the_platform_gets_a_warning() {
        type Change = fn(&mut MicrosoftUrls);
        let sound = MicrosoftUrls {
            authorize: "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/authorize".to_owned(),
            token: "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token".to_owned(),
            graph: "https://graph.microsoft.com/v1.0".to_owned(),
            issuer: "https://login.microsoftonline.com/{tenant}/v2.0".to_owned(),
        };
        assert_eq!(warnings(&sound), Vec::<String>::new());
        let cases: [(Change, &str); 5] = [
            (
                |urls| urls.authorize = urls.authorize.replace("v2.0/", ""),
                "MAIL360_MICROSOFT_AUTHORIZE_URL is not an address of version 2.0",
            ),
            (
                |urls| urls.token = urls.token.replace("v2.0/", ""),
                "MAIL360_MICROSOFT_TOKEN_URL is not an address of version 2.0",
            ),
            (
                |urls| urls.issuer = "https://sts.windows.net/{tenant}/".to_owned(),
                "MAIL360_MICROSOFT_ISSUER is not an issuer of version 2.0",
            ),
            (
                |urls| urls.issuer = urls.issuer.replace("/v2.0", ""),
                "MAIL360_MICROSOFT_ISSUER is not an issuer of version 2.0",
            ),
            (
                |urls| urls.issuer = urls.issuer.replace("{tenant}", "common"),
                "MAIL360_MICROSOFT_ISSUER has a name in its path",
            ),
        ];
        for (change, warning) in cases {
            let mut urls = sound.clone();
            change(&mut urls);
            let warned = warnings(&urls);
            assert!(warned.len() == 1 && warned[0].contains(warning), "{warned:?}");
        }
    }

    #[test]
    fn c17_an_issuer_of_another_cloud_gets_a_warning_and_known_pairs_get_none() {
        let (com, us) = ("login.microsoftonline.com", "login.microsoftonline.us");
        let (china, partner) = ("login.chinacloudapi.cn", "login.partner.microsoftonline.cn");
        for (authorize, token, graph, issuer) in [
            (com, com, "graph.microsoft.com", com),
            (us, us, "graph.microsoft.us", us),
            (us, us, "dod-graph.microsoft.us", us),
            (china, china, "microsoftgraph.chinacloudapi.cn", partner),
            ("login.example", "login.example", "graph.example", "login.example"),
            (
                "{tenant}.ciamlogin.com",
                "{tenant}.ciamlogin.com",
                "graph.microsoft.com",
                "{tenant}.ciamlogin.com",
            ),
        ] {
            let none: Vec<String> = Vec::new();
            assert_eq!(warned(authorize, token, graph, issuer), none, "{authorize} {issuer}");
        }
        for (authorize, token, graph, issuer, setting) in [
            (
                us,
                us,
                "graph.microsoft.us",
                com,
                "MAIL360_MICROSOFT_ISSUER has the host login.microsoftonline.com",
            ),
            (com, com, "graph.microsoft.com", us, "MAIL360_MICROSOFT_ISSUER"),
            (us, us, "graph.microsoft.com", us, "MAIL360_MICROSOFT_GRAPH_URL"),
            (us, com, "graph.microsoft.us", us, "MAIL360_MICROSOFT_TOKEN_URL"),
            ("login.example", "login.example", "graph.example", com, "MAIL360_MICROSOFT_ISSUER"),
        ] {
            let warned = warned(authorize, token, graph, issuer);
            assert!(warned.len() == 1 && warned[0].contains(setting), "{warned:?}");
        }
    }
}
