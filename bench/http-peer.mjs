// Ranges out of memory by node:http alone, in a process of its own: `node http-peer.mjs BYTES`. Says its port.
import { createServer } from 'node:http'

const bytes = Buffer.alloc(Number(process.argv[2]), 1)
const server = createServer((_, reply) => {
  reply.writeHead(206, { 'content-length': bytes.length }).end(bytes)
})
server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`))
