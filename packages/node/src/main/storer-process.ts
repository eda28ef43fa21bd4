import { enableCompileCache } from 'node:module'

/**
 * The program of one storer in a process of its own. Arguments: data folder, storer set file, port of its
 * lane or 0, folder of the compile cache or ''. Prints `ready tcp://…`; ends on SIGTERM, and when whoever started it is gone.
 */
const [dataFolder = '', storerSetFile = '', port = '0', cacheFolder = ''] = process.argv.slice(2)
process.removeAllListeners('warning')
if (cacheFolder !== '') enableCompileCache(cacheFolder)
const { startStorerNode } = await import('./storer-node.ts')
const { waitForStop } = await import('./stop.ts')
const node = await startStorerNode({
  dataFolder,
  storerSetFile,
  host: '127.0.0.1',
  lanePort: Number(port),
  logLevel: 'warn',
})
process.stdout.write(`ready ${node.url}\n`)
process.stdin.on('end', () => process.kill(process.pid, 'SIGTERM'))
process.stdin.resume()
await waitForStop(node)
process.exit(0)
