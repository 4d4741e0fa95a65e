# prints without end
exec yes mago-hostile-chatter
