import { integer } from './python-number.ts'

type Plain = string | number | bigint | boolean | null

const TRUE = /^(?:yes|Yes|YES|true|True|TRUE|on|On|ON)$/
const FALSE = /^(?:no|No|NO|false|False|FALSE|off|Off|OFF)$/
const NULL = /^(?:~|null|Null|NULL|)$/
const INTEGER = /^[-+]?(?:0b[01_]+|0x[\da-fA-F_]+|0[0-7_]*|[1-9][\d_]*)$/
const FLOAT = /^(?:[-+]?\d[\d_]*\.[\d_]*(?:[eE][-+]\d+)?|\.\d[\d_]*(?:[eE][-+]\d+)?)$/
const INFINITE = /^([-+]?)\.(?:inf|Inf|INF)$/
/** `22:33` is 22 times 60 plus 33: a trap for ports and times, so the reader warns of it. */
const SEXAGESIMAL = /^[-+]?\d[\d_]*(?::[0-5]?\d)+(?:\.[\d_]*)?$/

/**
 * What PyYAML, and so Ansible, takes an unquoted scalar for: YAML 1.1, where `yes` is true and `010` is 8.
 * Dates stay text.
 */
export function readPlainScalar(text: string): Plain {
  if (NULL.test(text)) return null
  if (TRUE.test(text)) return true
  if (FALSE.test(text)) return false
  if (INTEGER.test(text)) return readInteger(text)
  if (FLOAT.test(text)) return Number(text.replaceAll('_', ''))
  if (isSexagesimal(text)) return readSexagesimal(text)
  const infinite = INFINITE.exec(text)
  if (infinite) return infinite[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  return /^\.(?:nan|NaN|NAN)$/.test(text) ? Number.NaN : text
}

export const isSexagesimal = (text: string) =>
  SEXAGESIMAL.test(text) && (text.includes('.') || /^[-+]?[1-9]/.test(text))

/** What JSON takes one for. */
export function readJsonScalar(text: string): Plain {
  if (/^-?\d+$/.test(text)) return integer(BigInt(text))
  return text === 'null' ? null : text === 'true' || (text !== 'false' && Number(text))
}

function readInteger(text: string): number | bigint {
  const [, sign, digits = ''] = /^([-+]?)(.*)$/.exec(text.replaceAll('_', '')) ?? []
  const octal = /^0[0-7]+$/.test(digits)
  const magnitude = BigInt(octal ? `0o${digits.slice(1)}` : digits)
  return integer(sign === '-' ? -magnitude : magnitude)
}

function readSexagesimal(text: string): number {
  const [, sign, digits = ''] = /^([-+]?)(.*)$/.exec(text.replaceAll('_', '')) ?? []
  const magnitude = digits.split(':').reduce((sum, part) => sum * 60 + Number(part), 0)
  return sign === '-' ? -magnitude : magnitude
}
