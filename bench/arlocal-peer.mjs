// Runs arlocal in a process of its own, on disk: `node arlocal-peer.mjs PACKAGE FOLDER PORT`. Says `ready` once it answers.
import { createRequire } from 'node:module'
import { dirname } from 'node:path'

const [, , path, folder, port] = process.argv
// It writes a file `logs` where it stands.
process.chdir(dirname(folder))
const required = createRequire(import.meta.url)(path)
const ArLocal = required.default?.default ?? required.default ?? required
const server = new ArLocal(Number(port), false, folder, true)
await server.start()
process.stdout.write('ready\n')
