import { javascript } from './actors.ts'
import { describeAo } from './ao-suite.ts'
import type { NodeProcess } from './node-process.ts'

async function moduleOf(node: NodeProcess): Promise<string> {
  return (await (await fetch(`${node.url}/healthz`)).json()).modules.js
}

describeAo({ mode: 'mainnet', language: javascript, moduleOf })
