import { useState } from 'preact/hooks'
import type { Snippets } from '../act/snippets.ts'
import { Code } from './code.tsx'
import { Panel } from './panel.tsx'

const flavours = [
  ['sdk', '@heddle/sdk'],
  ['aoconnect', 'aoconnect'],
] as const

/** What the page is about to do, for the reader's own program. */
export function AsCode({ snippets }: { snippets: Snippets }) {
  const [flavour, setFlavour] = useState<keyof Snippets>('sdk')
  return (
    <Panel
      title="The same as code"
      aside={
        <fieldset class="switch" aria-label="Library">
          {flavours.map(([name, label]) => (
            <button
              key={name}
              type="button"
              aria-pressed={flavour === name}
              onClick={() => setFlavour(name)}
            >
              {label}
            </button>
          ))}
        </fieldset>
      }
    >
      <Code text={snippets[flavour]} label={flavour === 'sdk' ? '@heddle/sdk' : 'aoconnect'} />
    </Panel>
  )
}
