"""Latitude: what the track record of a cell allows. Evidence tightens by itself; evidence and two people loosen."""
