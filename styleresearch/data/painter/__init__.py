from styleresearch.data.painter.base import MAX_SIDE, PAINTINGS, paint

__all__ = ["MAX_SIDE", "PAINTINGS", "paint"]
