// Edges: smooth lines through the points that the layout gave them.

/**
 * The pieces of a curve through points that go from left to right, each with the four points of a
 * cubic Bézier curve. It is level at both ends, and never higher or lower than the points it joins
 * (M. Steffen, 1990, "A simple method for monotonic interpolation in one dimension").
 */
function curve(points) {
  const slopes = slopesAt(points);
  return points.slice(1).map(([x1, y1], i) => {
    const [x0, y0] = points[i];
    // An edge without bends is an S whose bow does not depend on how far apart its ends are.
    const reach = points.length === 2 ? (x1 - x0) / 2 : (x1 - x0) / 3;
    const first = [x0 + reach, y0 + slopes[i] * reach];
    const second = [x1 - reach, y1 - slopes[i + 1] * reach];
    return [points[i], first, second, [x1, y1]];
  });
}

function slopesAt(points) {
  const runs = points.slice(1).map(([x], i) => x - points[i][0]);
  const rises = points.slice(1).map(([, y], i) => (runs[i] > 0 ? (y - points[i][1]) / runs[i] : 0));
  return points.map((_, i) => {
    const [before, after] = [rises[i - 1], rises[i]];
    if (before === undefined || after === undefined || before * after <= 0) return 0;
    const mean = (before * runs[i] + after * runs[i - 1]) / (runs[i - 1] + runs[i]);
    const steepest = 2 * Math.min(Math.abs(before), Math.abs(after));
    return Math.sign(mean) * Math.min(Math.abs(mean), steepest);
  });
}

function pathThrough(pieces) {
  const rest = pieces.map(([, first, second, end]) => `C${first} ${second} ${end}`);
  return `M${pieces[0][0]}${rest.join("")}`;
}

/** A point on a curve: share 0 is its start, 1 its end, and all its pieces count the same. */
function pointAlong(pieces, share) {
  const index = Math.min(Math.floor(share * pieces.length), pieces.length - 1);
  const t = share * pieces.length - index;
  return [0, 1].map((axis) => {
    const [start, first, second, end] = pieces[index].map((point) => point[axis]);
    const s = 1 - t;
    return s * s * s * start + 3 * s * s * t * first + 3 * s * t * t * second + t * t * t * end;
  });
}
