// The same drawing on a canvas and as SVG: rectangles, words, lines, discs, curves
// and pictures.

function canvasPen(context, font) {
  return {
    rectangle(x, y, width, height, { fill, stroke, thickness = 1, radius = 3, dash = [] }) {
      if (!radius && !stroke) {
        context.fillStyle = fill;
        return context.fillRect(x, y, width, height);
      }
      context.beginPath();
      context.roundRect(x, y, width, height, radius);
      if (fill) {
        context.fillStyle = fill;
        context.fill();
      }
      if (stroke) {
        context.setLineDash(dash);
        context.strokeStyle = stroke;
        context.lineWidth = thickness;
        context.stroke();
        context.setLineDash([]);
      }
    },
    /** `isUpright` is turned to be read from below. */
    word(text, x, y, { fill, size, anchor = "middle", weight = 500, family = font, isUpright = false }) {
      context.font = `${weight} ${size}px ${family}`;
      context.fillStyle = fill;
      context.textAlign = { start: "left", middle: "center", end: "right" }[anchor];
      context.textBaseline = "middle";
      if (!isUpright) return context.fillText(text, x, y);
      context.save();
      context.translate(x, y);
      context.rotate(-Math.PI / 2);
      context.fillText(text, 0, 0);
      context.restore();
    },
    /** The pixels of a canvas, as large cells. */
    picture(pixels, x, y, width, height) {
      context.imageSmoothingEnabled = false;
      context.drawImage(pixels, x, y, width, height);
    },
    /** Through all points, with corners. */
    line(points, { stroke, thickness }) {
      context.beginPath();
      for (const point of points) context.lineTo(...point);
      context.strokeStyle = stroke;
      context.lineWidth = thickness;
      context.lineJoin = "round";
      context.stroke();
    },
    disc(x, y, radius, { fill, stroke, thickness = 1 }) {
      context.beginPath();
      context.arc(x, y, radius, 0, 2 * Math.PI);
      if (fill) {
        context.fillStyle = fill;
        context.fill();
      }
      if (stroke) {
        context.strokeStyle = stroke;
        context.lineWidth = thickness;
        context.stroke();
      }
    },
    /** What is drawn meanwhile is cut at the edges of a box. */
    within({ left, top, right, bottom }, drawn) {
      context.save();
      context.beginPath();
      context.rect(left, top, right - left, bottom - top);
      context.clip();
      drawn();
      context.restore();
    },
    curve(points, { stroke, thickness, opacity = 1 }) {
      const [[x0, y0], [x1, y1]] = points;
      const middle = (y0 + y1) / 2;
      context.beginPath();
      context.moveTo(x0, y0);
      context.bezierCurveTo(x0, middle, x1, middle, x1, y1);
      context.globalAlpha = opacity;
      context.strokeStyle = stroke;
      context.lineWidth = thickness;
      context.stroke();
      context.globalAlpha = 1;
    },
  };
}

function svgPen(font) {
  const parts = [];
  return {
    rectangle(x, y, width, height, { fill = "none", stroke = "none", thickness = 1, radius = 3 }) {
      parts.push(
        `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="${radius}" fill="${fill}" stroke="${stroke}" stroke-width="${thickness}"/>`,
      );
    },
    word(text, x, y, { fill, size, anchor = "middle", weight = 500, family = font, isUpright = false }) {
      const turn = isUpright ? ` transform="rotate(-90 ${x} ${y})"` : "";
      parts.push(
        `<text x="${x}" y="${y}"${turn} fill="${fill}" font-family="${escaped(family)}" font-size="${size}" font-weight="${weight}" text-anchor="${anchor}" dominant-baseline="central">${escaped(text)}</text>`,
      );
    },
    picture(pixels, x, y, width, height) {
      parts.push(
        `<image href="${pixels.toDataURL()}" x="${x}" y="${y}" width="${width}" height="${height}" preserveAspectRatio="none" style="image-rendering:pixelated"/>`,
      );
    },
    line(points, { stroke, thickness }) {
      parts.push(
        `<polyline points="${points.join(" ")}" fill="none" stroke="${stroke}" stroke-width="${thickness}" stroke-linejoin="round"/>`,
      );
    },
    disc(x, y, radius, { fill = "none", stroke = "none", thickness = 1 }) {
      parts.push(
        `<circle cx="${x}" cy="${y}" r="${radius}" fill="${fill}" stroke="${stroke}" stroke-width="${thickness}"/>`,
      );
    },
    within({ left, top, right, bottom }, drawn) {
      const box = `x="${left}" y="${top}" width="${right - left}" height="${bottom - top}"`;
      parts.push(`<svg ${box} viewBox="${left} ${top} ${right - left} ${bottom - top}">`);
      drawn();
      parts.push("</svg>");
    },
    curve([[x0, y0], [x1, y1]], { stroke, thickness, opacity = 1 }) {
      const middle = (y0 + y1) / 2;
      parts.push(
        `<path d="M${x0} ${y0}C${x0} ${middle} ${x1} ${middle} ${x1} ${y1}" fill="none" stroke="${stroke}" stroke-width="${thickness}" stroke-opacity="${opacity}"/>`,
      );
    },
    drawing: (width, height) =>
      `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">${parts.join("")}</svg>`,
  };
}
