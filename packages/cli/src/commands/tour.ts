import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parseNodeOptions, readEnvironment } from '@heddle/node/config'
import { startNode, waitForStop } from '@heddle/node/main'
import { createClient, type Signer } from '@heddle/sdk'
import { createWalletFile, walletFromFile } from '@heddle/sdk/node'
import type { Command } from '../command.ts'
import { elapsed, print } from '../output.ts'
import { createNarrator } from '../tour/narrator.ts'
import { runTour } from '../tour/tour.ts'
import { version } from '../version.ts'
import { nodeFlags } from './up.ts'

function openWallet(path: string): Promise<Signer> {
  return existsSync(path) ? walletFromFile(path) : createWalletFile(path)
}

async function tour(url: string, walletPath: string): Promise<void> {
  const client = createClient({ url, signer: await openWallet(walletPath) })
  const narrator = createNarrator(url)
  const took = elapsed()
  const { trader, counter } = {
    counter: 'examples/counter.ts',
    ...(await runTour(client, narrator)),
  }
  print(`\nthat took ${took()}; the node stays up, end it with Ctrl-C. Now you:\n`)
  const wallet = `--wallet ${walletPath}`
  print(`  npx heddle read ${trader.id} --action Status`)
  print(`  npx heddle eval ${trader.id} 'decisions.length' ${wallet}`)
  print(`  npx heddle spawn ${counter}`)
}

export const tourCommand: Command = {
  name: 'tour',
  usage: '',
  summary: 'Start a node and show what it does (npm start)',
  flags: nodeFlags,
  arguments: [0, 0],
  async run({ flags }) {
    const given = flags as Readonly<Record<string, string | boolean | undefined>>
    const options = parseNodeOptions({ ...readEnvironment(), ...given })
    const node = await startNode(options, { version })
    print(`ready ${node.url}`)
    const stopped = waitForStop(node)
    const client = createClient({ url: node.url })
    const { processes } = await client.status()
    if (processes > 0) {
      print(`the tour was given here before (${processes} processes): npx heddle list processes`)
      print(`for another one, choose an empty folder: npx heddle tour --data DIR`)
    } else {
      const walletPath = join(options.dataFolder, 'tour-wallet.json')
      await Promise.race([tour(node.url, walletPath), stopped])
    }
    await stopped
    return 0
  },
}
