// Reads docs/api.md: its blocks of code, each with the block below it that shows what the code prints.
//
// Ids, tokens and the times of a run differ at each installation, so the guide shows examples of them. `Examples` is the only
// place that says which: it replaces each such value of the program by its example, and in a block that is to be run each
// example by the value. The examples are numbered as they appear first, so that one id has one example in the whole guide.

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FILE = fileURLToPath(new URL('../../docs/api.md', import.meta.url));

export type Language = 'sh' | 'python' | 'js';
export const LANGUAGES: readonly Language[] = ['sh', 'python', 'js'];
/** The languages of blocks that show what the block above prints. JSON is compared as a value, so it may be set out in lines. */
const SHOWN = ['json', 'text'];

export interface Shown {
  language: string;
  text: string;
  /** The place of the text in the guide. */
  start: number;
}

export interface Block {
  language: Language;
  code: string;
  /** The name under which the guide tells the reader to save it; it follows the language. */
  file: string | undefined;
  /** The line of the guide at which the block begins. */
  line: number;
  /** What it prints; undefined if it prints nothing. */
  shown: Shown | undefined;
}

export class Guide {
  private text = readFileSync(FILE, 'utf8');

  /** Every block of code. A block in another language is an error, because nothing would run it. */
  blocks(): Block[] {
    const blocks: Block[] = [];
    for (const { 0: whole, 1: language = '', 2: file, 3: code = '', index } of this.text.matchAll(/^```(\w*)(?: (\S+))?\n([^]*?)^```$/gm)) {
      const line = this.text.slice(0, index).split('\n').length;
      const last = blocks.at(-1);
      const known = LANGUAGES.find((one) => one === language);
      if (known) blocks.push({ language: known, code, file, line, shown: undefined });
      else if (!SHOWN.includes(language)) throw new Error(`docs/api.md:${line}: no test runs a block in ${language || 'no language'}`);
      else if (!last || last.shown) throw new Error(`docs/api.md:${line}: no block above prints this`);
      else last.shown = { language, text: code, start: index + whole.indexOf('\n') + 1 };
    }
    return blocks;
  }

  /** Writes these texts in place of the shown ones. */
  write(changes: { shown: Shown; text: string }[]): void {
    for (const { shown: { start, text: old }, text } of [...changes].sort((one, other) => other.shown.start - one.shown.start)) {
      this.text = this.text.slice(0, start) + text + this.text.slice(start + old.length);
    }
    writeFileSync(FILE, this.text);
  }
}

interface Kind {
  /** Matches a value. */
  value: RegExp;
  example: (value: string, number: number) => string;
}

const padded = (number: number): string => String(number).padStart(12, '0');

const KINDS: Kind[] = [
  // An id of the provider, with its beginning and with the characters that must be encoded in an address.
  { value: /A[A-Za-z0-9+/]{159}=/, example: (value, number) => `${value.slice(0, 8)}/+${number}=` },
  // An account key.
  { value: /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/, example: (_, number) => `01932b5e-7a00-7000-8000-${padded(number)}` },
  // The id of a scheduled message.
  { value: /sch_[0-9a-f]{32}/, example: (_, number) => `sch_01932b5e7a0070008000${padded(number)}` },
  // The id of a request, or a Message-ID of the program up to its domain.
  { value: /(?<![\w-])[0-9a-f]{32}(?![\w-])/, example: (_, number) => `01932b5e7a0070008000${padded(number)}` },
  // An access token.
  { value: /m360a_[\w.-]{20,}/, example: (_, number) => `m360a_example${number}` },
  // The part of a link that authorises, a cursor, or a token of the provider.
  { value: /(?<![\w/+=-])[A-Za-z0-9_-]{43,}(?![\w/+=])|(?<=\/connect\/)[A-Za-z0-9_-]{43}/, example: (_, number) => `example${number}` },
];

/** The end of a token's life, in milliseconds: within two hours after the start. */
const SOON = 2 * 60 * 60 * 1000;
const EXAMPLE_OF_SOON = '1796040000000';

export class Examples {
  private readonly start = Date.now();
  private readonly exampleOf = new Map<string, string>();
  private readonly numbers = new Map<Kind, number>();

  /** @param known Values of this run with their examples, the address of the program among them. */
  constructor(known: [value: string, example: string][]) {
    for (const [value, example] of known) this.exampleOf.set(value, example);
  }

  /** What a block has printed, as the guide shows it. */
  shown(printed: string): string {
    const known = [...this.exampleOf.keys()].map((value) => value.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    const values = [...known, ...KINDS.map(({ value }) => value.source)].join('|');
    return printed
      .replaceAll('\r', '')
      .replace(new RegExp(values, 'g'), (value) => this.exampleFor(value))
      .replace(/\b\d{13}\b/g, (time) => (Number(time) >= this.start && Number(time) < this.start + SOON ? EXAMPLE_OF_SOON : time));
  }

  /** A block as it is run: with the values of this run, also where they are encoded for an address. */
  run(code: string): string {
    const pairs = [...this.exampleOf].flatMap(([value, example]) => [[example, value], [encodeURIComponent(example), encodeURIComponent(value)]] as const);
    // The longer one first, because the twelfth example begins as the first one does.
    const longestFirst = pairs.sort(([one], [other]) => other.length - one.length);
    return longestFirst.reduce((text, [example, value]) => text.replaceAll(example, () => value), code);
  }

  private exampleFor(value: string): string {
    const known = this.exampleOf.get(value);
    if (known !== undefined) return known;
    const kind = KINDS.find((one) => new RegExp(`^(?:${one.value.source})$`).test(value)) ?? KINDS.at(-1);
    if (!kind) return value;
    const number = (this.numbers.get(kind) ?? 0) + 1;
    this.numbers.set(kind, number);
    const example = kind.example(value, number);
    this.exampleOf.set(value, example);
    return example;
  }
}
