import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createClient, type Signer } from '@heddle/sdk'
import { createWalletFile, walletFromFile } from '@heddle/sdk/node'
import type { Command } from '../command.ts'
import { elapsed, print } from '../output.ts'
import { nodeFlags, startFromFlags } from '../start-node.ts'
import { createNarrator } from '../tour/narrator.ts'
import { runTour } from '../tour/tour.ts'

function openWallet(path: string): Promise<Signer> {
  return existsSync(path) ? walletFromFile(path) : createWalletFile(path)
}

async function giveTour(url: string, walletPath: string, signal: AbortSignal): Promise<void> {
  const client = createClient({ url, signer: await openWallet(walletPath) })
  const took = elapsed()
  const { trader } = await runTour(client, createNarrator(url), signal)
  print(`\nthat took ${took()}; the node stays up, end it with Ctrl-C. Look at all of it, live:\n`)
  print(`  ${url}/explorer\n\nAnd now you, in another terminal:\n`)
  const mine = `--url ${url} --wallet ${walletPath}`
  print(`  npx heddle read ${trader.id} --action Status --url ${url}`)
  print(`  npx heddle eval ${trader.id} 'agent.decisions.length' ${mine}`)
  print(`  npx heddle console ${trader.id} ${mine}`)
  print(`  npx heddle spawn examples/counter.ts ${mine}`)
}

export const tourCommand: Command = {
  name: 'tour',
  usage: '',
  summary: 'Start a node and show what it does (npm start)',
  flags: nodeFlags,
  arguments: [0, 0],
  async run({ flags, signal }) {
    const { url, options, stopped } = await startFromFlags(flags, signal)
    const { processes } = await createClient({ url }).status()
    if (processes === 0) {
      const walletPath = join(options.dataFolder, 'tour-wallet.json')
      await Promise.race([giveTour(url, walletPath, signal), stopped])
    } else {
      print(`${processes} processes are here already: npx heddle list processes --url ${url}`)
      print('for the tour, choose an empty folder: npx heddle tour --data DIR')
    }
    await stopped
    return 0
  },
}
