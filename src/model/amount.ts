/** So many of something, or a share of all of them: `3`, `10%`. */
export type Amount = number | string

/** What an amount comes to of `all`. A share is rounded up where it lets something happen, down where it bears something. */
export function amountOf(amount: Amount, all: number, round: 'up' | 'down'): number {
  if (typeof amount === 'number') return amount
  const part = (Number.parseFloat(amount) * all) / 100
  // 7 % of 100 is 7.000000000000001.
  const near = Math.round(part)
  if (Math.abs(part - near) < 1e-9) return near
  return round === 'up' ? Math.ceil(part) : Math.floor(part)
}
