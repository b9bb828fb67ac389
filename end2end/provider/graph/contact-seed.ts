// What each mailbox of the stand-in has in its contacts: as many in the default folder as the setting `contacts` says, and
// three in a folder below it, which no list of the default folder has.

import type { ContactBook, ContactFields } from './contact-store.ts';

const CREATED = new Date('2026-09-01T08:00:00Z');

const FIRST_NAMES = ['Ada', 'Björn', 'Chloé', 'Dwayne', 'Eszter', 'Fatima', 'Gabriel', 'Hana', 'Ivan', 'Jürgen', 'Kofi', 'Lucía'];
const SURNAMES = ['Lovelace', 'Ångström', 'Dubois', 'O\'Neil', 'Nagy', 'al-Fihri', 'Silva', 'Nováková', 'Petrov', 'Groß', 'Mensah', 'Peña'];
const COMPANIES = ['Fabrikam', 'Northwind Traders', 'Litware', 'Adventure Works'];

/** One with a value in each field. */
const COMPLETE: Partial<ContactFields> = {
  categories: ['Red category'], birthday: '1815-12-10T11:59:00Z', initials: 'A. L.', middleName: 'King', nickName: 'Addie',
  title: 'Countess', yomiGivenName: 'エイダ', yomiSurname: 'ラブレス', yomiCompanyName: 'ファブリカム', generation: 'II',
  imAddresses: ['sip:ada@fabrikam.test'], jobTitle: 'Analyst', department: 'Engines', officeLocation: 'Tower 2, 14',
  profession: 'Mathematician', businessHomePage: 'https://fabrikam.test/ada', assistantName: 'Mary', manager: 'Charles Babbage',
  homePhones: ['+44 20 7946 0001'], mobilePhone: '+44 7700 900001', businessPhones: ['+44 20 7946 0002', '+44 20 7946 0003'],
  spouseName: 'William', personalNotes: 'Met at the exhibition.\r\nPrefers letters.', children: ['Byron', 'Annabella', 'Ralph'],
  homeAddress: { street: '12 St James\'s Square', city: 'London', state: 'London', countryOrRegion: 'United Kingdom', postalCode: 'SW1Y 4JH' },
  businessAddress: { street: '1 Engine Court', city: 'London', state: '', countryOrRegion: 'United Kingdom', postalCode: 'EC1A 1AA' },
  otherAddress: { street: 'Horsley Towers', city: 'East Horsley', state: 'Surrey', countryOrRegion: 'United Kingdom', postalCode: 'KT24 6DU' },
};

/** A small grey JPEG: the photo of the first contact. */
const PHOTO = [
  '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAFA3PEY8MlBGQUZaVVBfeMiCeG5uePWvuZHI////////////////////////////////////////////////////',
  'wAALCAAIAAgBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAA//EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8Ad//Z',
].join('');

/** The contact of this number; the same for each mailbox. */
function fieldsOf(number: number): Partial<ContactFields> {
  const round = Math.floor(number / FIRST_NAMES.length);
  const givenName = FIRST_NAMES[number % FIRST_NAMES.length] ?? '';
  const surname = `${SURNAMES[number % SURNAMES.length] ?? ''}${round ? ` ${round + 1}` : ''}`;
  const companyName = COMPANIES[number % COMPANIES.length] ?? '';
  const domain = `${companyName.split(' ')[0]?.toLowerCase()}.test`;
  const displayName = `${givenName} ${surname}`;
  // An apostrophe is legal in an address, and in a filter it is written twice.
  const local = `${givenName}.${surname}`.normalize('NFD').replace(/[^A-Za-z0-9.']/g, '').toLowerCase();
  const names = { displayName, givenName, surname, fileAs: `${surname}, ${givenName}`, companyName };
  const email = { name: displayName, address: `${local}@${domain}` };
  if (number === 0) return { ...names, ...COMPLETE, emailAddresses: [email, { name: 'Ada (home)', address: 'ada@home.test' }, { name: 'Ada (old)', address: 'countess@engines.test' }] };
  // A company without a person, and a person without an address.
  if (number === 5) return { displayName: companyName, fileAs: companyName, companyName, emailAddresses: [{ name: companyName, address: `info@${domain}` }] };
  if (number === 6) return { ...names, mobilePhone: '+351 912 345 678' };
  return { ...names, emailAddresses: [email], businessPhones: [`+49 30 555 ${String(1000 + number)}`] };
}

export function seedContacts(book: ContactBook, count: number): void {
  for (let number = 0; number < count; number += 1) {
    const contact = book.add(book.defaultFolder, fieldsOf(number), new Date(CREATED.getTime() + number * 60_000));
    if (number === 0) contact.photo = Buffer.from(PHOTO, 'base64');
  }
  const suppliers = book.addFolder('Lieferanten', book.defaultFolder);
  for (const name of ['Zora Supply', 'Yann Supply', 'Xenia Supply']) {
    const [givenName = '', surname = ''] = name.split(' ');
    const address = `${givenName.toLowerCase()}@supply.test`;
    book.add(suppliers.id, { displayName: name, givenName, surname, fileAs: `${surname}, ${givenName}`, emailAddresses: [{ name, address }] }, CREATED);
  }
}
