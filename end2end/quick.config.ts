import config from './playwright.config.ts';
export default { ...config, expect: { timeout: 6_000 }, timeout: 60_000 };
