import { expect, test } from 'bun:test'
import { Bag } from '../src/bag.ts'

const item = (name: string) => ({ name })
type Item = ReturnType<typeof item>

test('holds what is added until it is removed', () => {
  const bag = new Bag<Item>()
  const [a, b] = [item('a'), item('b')]
  const [placeOfA, placeOfB] = [bag.add(a), bag.add(b)]
  expect([bag.size, bag.get(placeOfA)]).toEqual([2, a])
  expect([...bag.entries()]).toEqual([
    [placeOfA, a],
    [placeOfB, b],
  ])
  bag.remove(placeOfA, a)
  expect([bag.size, bag.get(placeOfA), [...bag.values()]]).toEqual([1, null, [b]])
  bag.remove(placeOfB, b)
  expect([bag.size, [...bag.values()], [...bag.entries()]]).toEqual([0, [], []])
})

test('to remove what is gone removes nothing else', () => {
  const bag = new Bag<Item>()
  const [a, b] = [item('a'), item('b')]
  const place = bag.add(a)
  bag.remove(place, a)
  expect(bag.add(b)).toBe(place)
  bag.remove(place, a)
  bag.remove(7, b)
  expect([bag.size, bag.get(place)]).toEqual([1, b])
})

test('takes no more room than for the most that it held at once', () => {
  const bag = new Bag<Item>()
  const places = new Set<number>()
  for (let round = 0; round < 1000; round++) {
    const held = ['a', 'b', 'c'].map(item).map((each) => ({ each, place: bag.add(each) }))
    for (const { each, place } of held) {
      places.add(place)
      bag.remove(place, each)
    }
  }
  expect(places).toEqual(new Set([0, 1, 2]))
})

test('may change while it is gone through', () => {
  const bag = new Bag<Item>()
  for (const name of ['a', 'b', 'c']) bag.add(item(name))
  const seen: string[] = []
  for (const [place, each] of bag.entries()) {
    seen.push(each.name)
    bag.remove(place, each)
    const next = bag.get(1)
    if (next) bag.remove(1, next)
  }
  expect(seen).toEqual(['a', 'c'])
  expect(bag.size).toBe(0)
})
