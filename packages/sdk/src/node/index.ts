export { readActorSource } from './source.ts'
export { createWalletFile, walletFromFile } from './wallet.ts'
