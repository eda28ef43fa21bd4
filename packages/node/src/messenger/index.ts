export { createMessenger, type Messenger } from './messenger.ts'
export { type MessengerOptions, messengerDefaults } from './options.ts'
export type { MessengerDeps } from './ports.ts'
