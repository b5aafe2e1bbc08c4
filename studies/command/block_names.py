"""The names of blocks that Ray, its folders and the display show."""

from spectra_tune.design import Block, condition_signature


def block_names(blocks: tuple[Block, ...]) -> dict[str, Block]:
    """Each block under its name: its task, its width and the start of its signature.

    A block that needs too much memory comes in parts, each named after its first seed.
    """
    from spectra_tune.engine import parts  # loads torch

    named = {}
    for block in blocks:
        width = getattr(block.condition.network, "width", None)
        words = [str(block.condition.task), f"width{width}" if width else "", condition_signature(block.condition)[:8]]
        split = parts(block)
        for part in split:
            from_seed = f"seed{part.seeds[0]}" if len(split) > 1 else ""
            name = "-".join(word for word in (*words, from_seed) if word)
            named["".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in name)] = part
    return named
