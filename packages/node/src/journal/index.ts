export type { JournalOptions, Repair } from './options.ts'
export type { LogRecord, OrderedLog } from './ports.ts'
export { openJournal } from './segments/open.ts'
