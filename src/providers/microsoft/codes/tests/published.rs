//! Microsoft's own list of codes, with which the table is compared.

/// Every code that Microsoft publishes, in order: all 350 of its page "Microsoft Entra authentication & authorization
/// error codes", edition of 3 February 2025 (`learn.microsoft.com/entra/identity-platform/reference-error-codes`,
/// whose source is `docs/identity-platform/reference-error-codes.md` in `github.com/MicrosoftDocs/entra-docs`). The
/// list is a copy of that page (from the mirror `github.com/merill/entra-docs-mirror`), and not of the table that it
/// tests.
pub const PUBLISHED: [u64; 350] = [
    16_000, 16_001, 16_002, 16_003, 17_003, 20_001, 20_012, 20_033, 28_002, 28_003, 40_008, 40_009, 40_010,
    40_015, 50_000, 50_001, 50_002, 50_003, 50_005, 50_006, 50_007, 50_008, 50_010, 50_011, 50_012, 50_013,
    50_014, 50_015, 50_017, 50_020, 50_027, 50_029, 50_032, 50_033, 50_034, 50_042, 50_043, 50_048, 50_049,
    50_050, 50_053, 50_055, 50_056, 50_057, 50_058, 50_059, 50_061, 50_064, 50_068, 50_070, 50_071, 50_072,
    50_074, 50_076, 50_078, 50_079, 50_085, 50_086, 50_087, 50_088, 50_089, 50_097, 50_098, 50_099, 50_100,
    50_101, 50_102, 50_103, 50_105, 50_107, 50_108, 50_109, 50_111, 50_117, 50_120, 50_123, 50_124, 50_125,
    50_126, 50_127, 50_128, 50_129, 50_130, 50_131, 50_132, 50_133, 50_134, 50_135, 50_136, 50_137, 50_138,
    50_139, 50_140, 50_141, 50_142, 50_143, 50_144, 50_146, 50_147, 50_148, 50_149, 50_150, 50_155, 50_156,
    50_157, 50_158, 50_159, 50_160, 50_161, 50_162, 50_163, 50_164, 50_165, 50_166, 50_167, 50_168, 50_169,
    50_170, 50_171, 50_172, 50_173, 50_176, 50_177, 50_178, 50_180, 50_187, 50_192, 50_194, 50_196, 50_197,
    50_199, 51_000, 51_001, 51_004, 51_005, 51_006, 52_004, 53_000, 53_001, 53_002, 53_003, 53_004, 53_010,
    53_011, 54_000, 54_005, 65_001, 65_002, 65_004, 65_005, 67_003, 70_000, 70_001, 70_002, 70_003, 70_004,
    70_005, 70_007, 70_008, 70_011, 70_012, 70_016, 70_018, 70_019, 70_043, 75_001, 75_003, 75_005, 75_008,
    75_011, 75_016, 76_021, 76_026, 80_001, 80_002, 80_005, 80_007, 80_010, 80_012, 80_013, 80_014, 81_004,
    81_005, 81_006, 81_007, 81_009, 81_010, 81_011, 81_012, 90_002, 90_004, 90_005, 90_006, 90_007, 90_008,
    90_009, 90_010, 90_012, 90_013, 90_014, 90_015, 90_016, 90_019, 90_020, 90_022, 90_023, 90_024, 90_027,
    90_033, 90_036, 90_038, 90_043, 90_051, 90_055, 90_056, 90_072, 90_081, 90_082, 90_084, 90_085, 90_086,
    90_087, 90_090, 90_091, 90_092, 90_093, 90_094, 90_095, 90_099, 90_100, 90_101, 90_102, 90_107, 90_112,
    90_114, 90_117, 90_119, 90_120, 90_121, 90_123, 90_124, 90_125, 90_126, 90_130, 100_007, 120_000,
    120_002, 120_003, 120_004, 120_005, 120_008, 120_011, 120_012, 120_013, 120_014, 120_015, 120_016,
    120_018, 120_020, 120_021, 130_004, 130_005, 130_006, 130_007, 130_008, 135_010, 135_011, 140_000,
    140_001, 160_021, 165_004, 165_900, 220_450, 220_501, 221_000, 230_109, 240_001, 240_002, 240_003,
    240_004, 399_284, 500_011, 500_014, 500_021, 500_022, 500_133, 500_141, 500_207, 500_208, 500_212,
    500_213, 501_241, 501_461, 501_481, 501_491, 501_621, 501_631, 501_632, 530_032, 530_034, 530_035,
    650_052, 650_054, 650_056, 650_057, 650_059, 700_005, 700_011, 700_016, 700_020, 700_022, 700_023,
    700_025, 700_027, 700_030, 700_054, 700_082, 700_084, 700_229, 750_054, 900_144, 900_236, 900_382,
    900_384, 900_432, 900_561, 900_612, 900_971, 901_002, 901_011, 901_012, 901_014, 1_000_000, 1_000_002,
    1_000_031, 1_000_104, 5_000_224, 5_000_819, 5_001_256, 7_000_112, 7_000_114, 7_000_215, 7_000_218,
    7_000_222, 7_500_514, 7_500_529, 9_001_023, 9_002_313, 9_002_332, 9_002_341,
];

/// Codes of [`PUBLISHED`] that a sign-in of this program cannot meet, each group with the reason. The program runs the
/// authorisation code flow for delegated permissions of Microsoft Graph, with a client secret and PKCE.
pub const CANNOT_OCCUR: &[(&str, &[u64])] = &[
    ("device code flow: the program does not start one", &[50_134, 70_016, 70_018, 70_019, 90_119, 90_120]),
    (
        "SAML between Microsoft and an application: the program speaks OpenID Connect",
        &[
            50_007, 50_010, 75_001, 75_003, 75_005, 75_008, 75_011, 75_016, 76_021, 76_026, 90_020, 501_241,
            750_054, 900_236, 7_500_514, 7_500_529,
        ],
    ),
    (
        "WS-Federation or WS-Trust between Microsoft and an application: likewise",
        &[50_169, 90_082, 90_084, 90_086, 90_087],
    ),
    ("sign-out: the program ends no session at Microsoft", &[50_061, 50_068, 50_070, 50_071]),
    (
        "on-behalf-of flow, token exchange and client assertions: the program sends Microsoft's token endpoint a code and \
         a secret, and never a token",
        &[50_013, 50_048, 50_164, 67_003, 90_016, 240_002, 500_133, 7_000_114],
    ),
    ("federated credentials and regional endpoints, in place of a secret", &[100_007, 700_229]),
    ("mutual TLS and tokens that are bound to a key", &[50_167, 50_171]),
    ("an application that asks for access to itself: all permissions are those of Graph", &[90_009]),
    ("implicit flow: the program asks for a code alone", &[700_054]),
    (
        "parameters that the program does not send: claims, domain_hint, login_hint with an identifier",
        &[50_117, 51_001, 90_005],
    ),
    ("enrolment of devices, and tokens of a device without an account", &[50_156, 90_114, 221_000, 240_001]),
    ("Microsoft's backup service, called directly", &[230_109]),
    ("LinkedIn", &[52_004]),
    ("the API that binds an account to an identity of another provider", &[1_000_000, 1_000_002]),
    (
        "sign-up of customers (Microsoft Entra External ID, Azure AD B2C): such tenants have no mailboxes",
        &[901_011, 901_012, 901_014],
    ),
];

/// Codes of the table that are not in [`PUBLISHED`], by where they were found.
pub const FOUND_ELSEWHERE: &[(&str, &[u64])] = &[
    (
        "Microsoft's troubleshooting articles (learn.microsoft.com/troubleshoot/entra, and the page on unexpected errors \
         of consent)",
        &[500_571, 530_004, 700_003, 900_439, 900_941, 900_981, 7_000_110, 9_000_411],
    ),
    (
        "reports in public that quote Microsoft's words",
        &[
            53_009, 70_044, 165_000, 500_089, 500_113, 500_121, 500_200, 530_002, 530_003, 530_021, 530_031,
            650_053, 900_023, 5_000_811, 7_000_012, 7_000_216, 7_000_229, 9_002_326, 9_002_327, 9_002_331,
        ],
    ),
];
