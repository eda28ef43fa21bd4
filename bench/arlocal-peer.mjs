// Runs arlocal in a process of its own, on disk: `node arlocal-peer.mjs PACKAGE FOLDER PORT`. Says `ready` once it answers.
import { createRequire } from 'node:module'

const [, , path, folder, port] = process.argv
const required = createRequire(import.meta.url)(path)
const ArLocal = required.default?.default ?? required.default ?? required
const server = new ArLocal(Number(port), false, folder, true)
await server.start()
process.stdout.write('ready\n')
