import type { Letter } from '../api/units.ts'
import { formatCount } from '../format.ts'
import { useNames } from '../names.ts'
import { paths } from '../paths.ts'
import { Id } from './id.tsx'
import { Badge, type Tone } from './panel.tsx'
import { Table } from './table.tsx'
import { Age } from './time.tsx'

export const letterTones: Readonly<Record<string, Tone>> = {
  pending: 'warn',
  delivered: 'good',
  kept: 'accent',
  dead: 'bad',
}

type LettersProps = {
  readonly letters: readonly Letter[]
  readonly label: string
  /** Shows whose they are. */
  readonly hasSender?: boolean
}

const columns = ['Slot', 'Kind', 'To', 'State', 'What happened']

/** What processes sent, with how far it got. */
export function Letters({ letters, label, hasSender = false }: LettersProps) {
  const first = hasSender ? 1 : 0
  const isQuiet = letters.every((letter) => !hasStory(letter))
  // The kind says little, and so does a column of dashes.
  const hidden = [first + 2, ...(isQuiet ? [first + 5] : [])]
  return (
    <Table label={label} columns={hasSender ? ['From', ...columns] : columns} hideNarrow={hidden}>
      {letters.map((letter) => (
        <tr key={letter.deliveryId}>
          {hasSender && (
            <td>
              <Id id={letter.processId} to={paths.processTab(letter.processId, 'outbox')} />
            </td>
          )}
          <td class="mono">
            {letter.slot}.{letter.index}
          </td>
          <td>{letter.kind}</td>
          <td>
            <Target letter={letter} />
          </td>
          <td>
            <Badge tone={letterTones[letter.state] ?? 'quiet'}>{letter.state}</Badge>
          </td>
          <td>
            <Story letter={letter} />
          </td>
        </tr>
      ))}
    </Table>
  )
}

function Target({ letter: { target } }: { letter: Letter }) {
  const names = useNames(target === 'spawn' ? [] : [target])
  if (target === 'spawn') return <span class="quiet">a new process</span>
  return <Id id={target} name={names.get(target)} to={paths.search(target)} />
}

function hasStory({ lastError, attempts }: Letter): boolean {
  return lastError !== undefined || attempts !== undefined
}

function Story({ letter }: { letter: Letter }) {
  const { attempts, nextRetry, lastError, state } = letter
  if (!hasStory(letter)) return <span class="quiet">–</span>
  return (
    <>
      {lastError}
      {attempts !== undefined && attempts > 0 && (
        <span class="quiet"> · tried {formatCount(attempts)} times</span>
      )}
      {state === 'pending' && nextRetry !== undefined && (
        <span class="quiet">
          {' '}
          · due <Age ms={nextRetry} />
        </span>
      )}
    </>
  )
}
